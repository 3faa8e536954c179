// A policy and a reward model over fake trees: scripted by path id, or drawn by hash from a grammar.
import { childPathKey, rootPathKey, uniformAt } from '../../src/random.js';
import { Reward } from '../../src/scoring/reward.js';
import type { RewardFormat } from '../../src/scoring/reward-format.js';
import { Policy } from '../../src/search/policy.js';
import { EOS, type FakeOptions, FakeTree } from './fake-tree.js';

export const cost = { matrixWeights: 1000, headWeights: 100, layers: 2, heads: 3, headDim: 4 };

const codes = (text: string) => Array.from(text, (character) => character.charCodeAt(0));

export interface FakePolicy {
  readonly policy: Policy;
  readonly tree: FakeTree;
}
export interface FakeReward {
  readonly reward: Reward;
  readonly tree: FakeTree;
}

export function fakePolicy(options: FakeOptions, opensThought = false): FakePolicy {
  const tree = new FakeTree(options);
  const policy = new Policy({
    name: 'fake policy',
    tree,
    cost,
    prompt: {
      family: 'generic',
      systemPrompt: null,
      place: null,
      opensThought,
      encode: (question) => codes(`${question}>`),
    },
    isEmbedded: false,
    decode: (tokens) => String.fromCharCode(...Array.from(tokens)).replaceAll(EOS, ''),
    delimiter: '\n\n',
    defaults: { temperature: 0.7, topP: 1, maxPathTokens: 8192 },
  });
  return { policy, tree };
}

/** Reads `Q:question` and a newline, then the trimmed steps, each ended by the marker `|`. */
export const fakeFormat: RewardFormat = {
  name: 'fake',
  headWidth: 1,
  begin: (question) => ({ tokens: codes(`Q:${question}\n`), markers: [] }),
  append: (solution, step) => {
    const tokens = [...solution.tokens, ...codes(`${step.trim()}|`)];
    return { tokens, markers: [...solution.markers, tokens.length - 1] };
  },
  margin: (head) => head[0] ?? Number.NaN,
};

export function fakeReward(options: FakeOptions = {}): FakeReward {
  const tree = new FakeTree(options);
  const parts = { name: 'fake reward', tree, cost, format: fakeFormat, isEmbedded: false };
  return { reward: new Reward(parts), tree };
}

/** Says what the script has for a path id; `■` is the end of sequence, `¶` the step delimiter. */
export function scripted(script: Readonly<Record<string, string>>): FakeOptions {
  const texts = new Map<bigint, string>();
  for (const [id, text] of Object.entries(script)) {
    const key = id
      .split('.')
      .map(Number)
      .reduce((parent, sibling, round) => childPathKey(parent, round, sibling), rootPathKey);
    texts.set(key, text.replaceAll('■', EOS).replaceAll('¶', '\n\n'));
  }
  return {
    say: (key, above) => {
      const text = texts.get(key);
      if (text === undefined) throw new Error(`nothing scripted after ${JSON.stringify(above)}`);
      return text;
    },
  };
}

/** The margin that a table has for the last step of a text. */
export function tabled(margins: Readonly<Record<string, number>>): FakeOptions {
  return {
    head: (text) => {
      const step = text.slice(0, -1).split(/[|\n]/).at(-1) ?? '';
      const margin = margins[step];
      if (margin === undefined) throw new Error(`no margin for ${JSON.stringify(step)}`);
      return margin;
    },
  };
}

/** A policy that rambles: short steps, now and then an answer, blank endings, duplicates. */
export function rambling(options: FakeOptions = {}): FakePolicy {
  return fakePolicy({
    ...options,
    say: (pathKey, _above, { streamKey, temperature }) => {
      let text = '';
      for (let index = 0; ; index++) {
        const draw = uniformAt(streamKey, temperature === 0 ? 0n : pathKey, index);
        if (draw < 0.45) text += 'abc'[Math.floor(draw * 6)];
        else if (draw < 0.75) text += '\n\n';
        else if (draw < 0.87) text += `\\boxed{${Math.floor(draw * 100) % 4}}`;
        else return text + EOS;
        if (text.length > 400) return text + EOS;
      }
    },
  });
}
