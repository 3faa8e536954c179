// plan.json as it is read: every part that auto goes by is checked, and every fault says where it is.
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ModelError, OptionError } from '../../src/errors.js';
import { parsePlan } from '../../src/planning/plan-document.js';
import { readPlan } from '../../src/planning/read-plan.js';
import { beamSearch, bestOfN, greedy, majority, type Strategy } from '../../src/search/strategy.js';

const step = (from: number, strategy: Strategy) => ({
  ...{ from, strategy, reward: 'prm', accuracy: 0.5, flops: from },
});
const bin = (...steps: ReturnType<typeof step>[]) => ({
  problems: 30,
  chosenOn: 'easy',
  byFlops: steps,
  byTokens: steps,
  byBudget: steps,
});

const pays = (from: number, does: boolean) => ({ from, pays: does, probed: null, unprobed: null });

/** A whole document; each call makes a new one. */
const whole = () => ({
  format: 1,
  calibration: { datasets: [], problems: 90 },
  test: null,
  crossFitted: true,
  models: { 'policy p': { 'model.onnx': 'aa' }, 'reward r': { 'model.onnx': 'bb' } },
  plans: [
    {
      policy: 'p',
      reward: 'r',
      all: bin(step(1, greedy()), step(10, majority({ budget: 4 }))),
      bins: {},
      auto: {
        probes: 4,
        predictor: { intercept: -4, agreement: 5, score: 4 },
        confusion: {},
        probing: {
          byFlops: [pays(1, false), pays(20, true), pays(90, false)],
          byTokens: [pays(1, false)],
          byBudget: [pays(4, true)],
        },
        all: bin(step(20, bestOfN({ budget: 4 }))),
        bins: {
          easy: bin(step(20, majority({ budget: 4 }))),
          medium: bin(step(20, bestOfN({ budget: 4 })), step(40, bestOfN({ budget: 8 }))),
          hard: bin(step(60, beamSearch({ budget: 16 }))),
        },
      },
    },
    { policy: 'p', reward: 'other', all: bin(), bins: {}, auto: null },
  ],
  tables: [],
});

describe('parsePlan', () => {
  it('reads a plan with the hash of its text', () => {
    const text = JSON.stringify(whole());
    const plan = parsePlan(text);
    expect(plan.sha256).toBe(createHash('sha256').update(text).digest('hex'));
    expect(plan.document).toEqual(whole());
    const adviser = plan.adviserFor('p', 'r');
    expect(adviser.probes).toBe(4);
    const flops = (amount: number) => ({ unit: 'flops', amount }) as const;
    expect(adviser.choose('medium', flops(39))).toEqual(bestOfN({ budget: 4 }));
    expect(adviser.choose('medium', flops(40))).toEqual(bestOfN({ budget: 8 }));
    // What fits no step of its bin runs what all would.
    expect(adviser.choose('hard', flops(59))).toEqual(bestOfN({ budget: 4 }));
    expect(adviser.unprobed(flops(19))).toEqual(majority({ budget: 4 }));
    expect(adviser.unprobed(flops(0.5))).toEqual(greedy());
    // Probing pays from 20 FLOPs to 90, from four paths on, and for no number of tokens.
    expect(adviser.unprobed(flops(20))).toBeUndefined();
    expect(adviser.unprobed(flops(89))).toBeUndefined();
    expect(adviser.unprobed(flops(90))).toEqual(majority({ budget: 4 }));
    expect(adviser.unprobed({ unit: 'tokens', amount: 9 })).toEqual(greedy());
    expect(adviser.unprobed({ unit: 'tokens', amount: 1e9 })).toEqual(majority({ budget: 4 }));
    expect(adviser.unprobed({ unit: 'paths', amount: 3 })).toEqual(greedy());
    expect(adviser.unprobed({ unit: 'paths', amount: 4 })).toBeUndefined();
  });

  it('refuses models that it was not fitted to', () => {
    const plan = parsePlan(JSON.stringify(whole()));
    expect(() => plan.adviserFor('p', 'other')).toThrow(OptionError);
    expect(() => plan.adviserFor('q', 'r')).toThrow(
      'Expected `plan` to be for q with r, got "p with r" (string)',
    );
    expect(plan.checkModel('policy', 'p', { 'model.onnx': 'aa' })).toBeUndefined();
    const refuse = (role: 'policy' | 'reward', name: string, files: Record<string, string>) =>
      expect(() => plan.checkModel(role, name, files));
    refuse('policy', 'p', { 'model.onnx': 'ab' }).toThrow('its model.onnx was another');
    refuse('policy', 'p', { 'model.onnx': 'aa', more: 'x' }).toThrow('its more was another');
    refuse('policy', 'p', {}).toThrow('its model.onnx was another');
    refuse('reward', 'p', { 'model.onnx': 'aa' }).toThrow(OptionError);
    refuse('reward', 'q', {}).toThrow(OptionError);
  });

  type Document = ReturnType<typeof whole>;
  type Faulty = (document: Document, pair: Document['plans'][0]) => unknown;
  const faults: readonly (readonly [Faulty, string])[] = [
    [(d) => Object.assign(d, { format: 0 }), 'Expected `format` to be 1'],
    [(d) => Object.assign(d, { format: 3 }), 'got 3 (number)'],
    [(d) => Object.assign(d, { plans: {} }), 'Expected `plans` to be an array'],
    [(d) => Object.assign(d, { plans: [7] }), 'Expected `plans[0]` to be an object, got 7'],
    [(d) => Object.assign(d, { models: null }), 'Expected `models` to be an object'],
    [(_, p) => Object.assign(p, { policy: '' }), '`plans[0].policy` to be a text'],
    [(_, p) => Object.assign(p, { auto: 7 }), '`plans[0].auto` to be an object'],
    [(_, p) => Object.assign(p.auto as object, { probes: 1.5 }), 'probes` to be an integer >= 1'],
    [(_, p) => Object.assign(p.auto as object, { probes: '4' }), 'probes` to be a number'],
    [(_, p) => Object.assign(p.auto?.predictor as object, { score: null }), 'predictor.score'],
    [(_, p) => Object.assign(p.auto?.bins as object, { hard: undefined }), 'auto.bins.hard` to be'],
    [(_, p) => Object.assign(p.auto?.bins.easy as object, { byFlops: [] }), 'at least one step'],
    [(_, p) => Object.assign(p.auto?.bins.medium.byTokens[1] as object, { from: 20 }), 'rising'],
    [(_, p) => Object.assign(p.auto as object, { probing: undefined }), 'auto.probing` to be an o'],
    [(_, p) => Object.assign(p.auto?.probing as object, { byTokens: [] }), 'probing.byTokens`'],
    [(_, p) => Object.assign(p.auto?.probing.byFlops[1] as object, { from: 1 }), 'rising'],
    [
      (_, p) => Object.assign(p.auto?.probing.byBudget[0] as object, { pays: 1 }),
      '`plans[0].auto.probing.byBudget[0].pays` to be true or false, got 1',
    ],
    [(_, p) => Object.assign(p.all, { byTokens: undefined }), '`plans[0].all.byTokens`'],
    [(_, p) => Object.assign(p.all.byBudget[0] as object, { strategy: { name: 'x' } }), 'strategy'],
    [
      (_, p) =>
        Object.assign(p.auto?.all.byBudget[0] as object, { strategy: { name: 'majority' } }),
      'plans[0].auto.all.byFlops[0].strategy',
    ],
  ];
  it.each(faults)('refuses a fault and says where: %s', (spoil, message) => {
    const document = whole();
    const [pair] = document.plans;
    if (pair !== undefined) spoil(document, pair);
    const read = () => parsePlan(JSON.stringify(document), 'plan.json');
    expect(read).toThrow(ModelError);
    expect(read).toThrow(message);
    expect(read).toThrow(/^plan\.json: /);
  });

  it('refuses what is no JSON, or cut short', () => {
    const text = JSON.stringify(whole());
    for (const wrong of ['', 'x', text.slice(0, -1), '[]', 'null', '3']) {
      expect(() => parsePlan(wrong)).toThrow(ModelError);
    }
  });
});

describe('readPlan', () => {
  it('reads a file, and refuses one that is not there or is a directory', async () => {
    const parent = await mkdtemp(join(tmpdir(), 'espalier-plan-'));
    const file = join(parent, 'plan.json');
    await writeFile(file, JSON.stringify(whole()));
    expect((await readPlan(file)).adviserFor('p', 'r').probes).toBe(4);
    await expect(readPlan(join(parent, 'none.json'))).rejects.toThrow('a file that can be read');
    await expect(readPlan(parent)).rejects.toThrow(OptionError);
    await writeFile(file, '{');
    await expect(readPlan(file)).rejects.toThrow(`Expected \`${file}\` to be JSON`);
    await rm(parent, { recursive: true });
    await expect(readPlan(7 as unknown as string)).rejects.toThrow("a plan's file");
  });
});
