// The report as a reader has it: a sweep of the embedded models in a real browser, in both colour schemes,
// on a desktop's and a phone's width, by mouse and by keyboard; and texts that attack the page.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatPage } from '../../src/report/page.js';
import { collectReport, type ReportData } from '../../src/report/report-data.js';
import type { ViewedProblem } from '../../src/report/viewed-search.js';
import { readViewerScript } from '../../src/report/viewer-script.js';
import { bestOfN, dvts, greedy } from '../../src/search/strategy.js';
import { espalier } from '../cli/command-line.js';
import { fakeRun } from '../evaluation/fake-runs.js';
import { accessibilityFaults, chromiumPath, launchChromium, openFile } from './chromium.js';

if (chromiumPath === undefined) console.warn('SKIPPED: reports in a browser, for want of Chromium');

let parent: string;
let browser: Browser;
const at = (name: string) => join(parent, name);

/** What a page's script element holds. */
function embedded<T>(html: string, id: string): T {
  const [, text = ''] = html.match(new RegExp(`id="${id}">(.*?)</script>`)) ?? [];
  return JSON.parse(text) as T;
}

describe.skipIf(chromiumPath === undefined)('a report in a browser', () => {
  let data: ReportData;
  let problems: readonly ViewedProblem[];

  beforeAll(async () => {
    parent = await mkdtemp(join(tmpdir(), 'espalier-page-'));
    const sweep = await espalier([
      ...['sweep', '--dataset', 'mini-500', '--limit', '8', '--budgets', '4,8', '--seed', '5'],
      ...['--policies', 'policy-0.4m', '--difficulty-samples', '64', '--out', at('sweep')],
    ]);
    expect([sweep.code, sweep.stderr]).toEqual([0, '']);
    const plan = await espalier(['plan', '--calibration', at('sweep'), '--out', at('plan.json')]);
    expect([plan.code, plan.stderr]).toEqual([0, '']);
    const args = ['report', at('sweep'), '--plan', at('plan.json'), '--out', at('report.html')];
    const { code, stderr } = await espalier(args);
    expect([code, stderr]).toEqual([0, '']);
    const html = await readFile(at('report.html'), 'utf8');
    data = embedded<ReportData>(html, 'report-data');
    ({ problems } = embedded<{ problems: readonly ViewedProblem[] }>(html, 'tree-data'));
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await rm(parent, { recursive: true });
  });

  const count = (page: Page, selector: string) => page.locator(selector).count();
  const widthOf = (page: Page) => page.evaluate<number>('document.documentElement.scrollWidth');

  it.each([
    ['light', 1280],
    ['light', 400],
    ['dark', 1280],
    ['dark', 400],
  ] as const)('fits and is readable: %s, %i wide', async (colorScheme, width) => {
    const { page, complaints } = await openFile(browser, at('report.html'), { colorScheme, width });
    expect(await widthOf(page)).toBeLessThanOrEqual(width);
    // Of the two drawings of a chart, the one for this width is shown.
    const shown = width === 400 ? 'narrow' : 'wide';
    expect(await count(page, '.chart svg[role=img] >> visible=true')).toBe(
      await count(page, `.chart-${shown} svg`),
    );
    for (const details of await page.locator('main details').all()) {
      await details.locator('summary').click();
    }
    await page.getByRole('button', { name: 'Expand all' }).click();
    expect(await widthOf(page)).toBeLessThanOrEqual(width);
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('draws a mark for every figure', async () => {
    const { page } = await openFile(browser, at('report.html'), {
      colorScheme: 'light',
      width: 1280,
    });
    const [byBudget, byFlops] = await page.locator('#accuracy .chart-wide').all();
    const names = new Set(data.estimates.map(({ strategy }) => strategy.name));
    expect(names.size).toBe(5);
    const marked = data.estimates.filter(({ budget }) => Number.isInteger(Math.log2(budget)));
    for (const chart of [byBudget, byFlops]) {
      expect(await chart?.locator('title').count()).toBe(marked.length);
      // A line and a band for each strategy, but for greedy, which is one point.
      expect(await chart?.locator('g[fill-opacity] > path').count()).toBe(names.size - 1);
      expect(await chart?.locator('g[fill=none][stroke-width="2"] > path').count()).toBe(
        names.size,
      );
    }
    const titles = await byBudget?.locator('title').allTextContents();
    for (const { strategy, budget, accuracy } of marked) {
      const name = strategy.name === 'greedy' ? 'greedy' : `${strategy.name}, N ${budget}`;
      const found = titles?.find((title) => title.startsWith(`${name}: `));
      expect(found).toContain(`${(100 * accuracy.mean).toFixed(1)}%`);
    }
    const dots = await count(page, '#reliability .chart-wide circle');
    expect(dots).toBe(data.reliability[0]?.bins.length);
    await page.close();
  });

  it('has headings in order and a name for every chart', async () => {
    const { page } = await openFile(browser, at('report.html'), {
      colorScheme: 'light',
      width: 1280,
    });
    const levels = await page
      .locator('h1, h2, h3, h4')
      .evaluateAll((found) => found.map(({ tagName }) => Number(tagName[1])));
    expect(levels[0]).toBe(1);
    levels.forEach((level, i) => {
      if (i > 0) expect(level).toBeLessThanOrEqual((levels[i - 1] ?? 0) + 1);
    });
    const names = await page
      .locator('.chart svg[role=img]')
      .evaluateAll((found) => found.map((svg) => svg.getAttribute('aria-label')));
    expect(names.length).toBeGreaterThanOrEqual(2 * 4);
    for (const name of names) expect(name).toMatch(/\w+ .*policy-0\.4m/);
    await page.close();
  });

  it('opens a tree by click: every branch, and whether it was pruned', async () => {
    const { page, complaints } = await openFile(browser, at('report.html'), {
      colorScheme: 'dark',
      width: 1280,
    });
    const run = data.runs.findIndex(({ strategy }) => strategy.name === 'beam-search');
    await page.selectOption('#viewer-run', String(run));
    await page.selectOption('#viewer-problem', '3');
    const problem = problems[3];
    const search = problem?.searches.find((one) => one.run === run);
    const branches = search?.branches ?? [];
    expect(branches.some(({ fate }) => fate === 'pruned')).toBe(true);
    expect(await count(page, '[role=treeitem]')).toBe(branches.length);
    const pruned = branches.filter(({ fate }) => fate === 'pruned').length;
    expect(await page.getByText('pruned', { exact: true }).count()).toBe(pruned);
    const box = await page.locator('.problem').innerText();
    expect(box).toContain(problem?.problem);
    const visible = () => count(page, '[role=treeitem] >> visible=true');
    await page.getByRole('button', { name: 'Collapse all' }).click();
    const roots = branches.filter(({ parent }) => parent === -1).length;
    expect(await visible()).toBe(roots);
    const first = page.locator('[role=treeitem][aria-expanded]').first();
    await first.locator('.step').click();
    expect(await first.getAttribute('aria-expanded')).toBe('true');
    expect(await visible()).toBeGreaterThan(roots);
    await page.getByRole('button', { name: 'Expand all' }).click();
    expect(await visible()).toBe(branches.length);
    const steps = await page.locator('[role=treeitem] .step').allTextContents();
    expect(steps).toEqual(branches.map(({ text }) => text.trim() || '(no text)'));
    const votes = await page.locator('#viewer-search table tbody th').allTextContents();
    expect(votes.map((text) => text.split(' ')[0])).toEqual(search?.votes.map((v) => v.answer));
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('moves, opens and closes by keyboard', async () => {
    const { page } = await openFile(browser, at('report.html'), {
      colorScheme: 'light',
      width: 400,
    });
    const focused = (name: string) =>
      page.evaluate<string | null>(`document.activeElement.getAttribute('${name}')`);
    await page.getByRole('button', { name: 'Collapse all' }).focus();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    expect(await focused('role')).toBe('treeitem');
    await page.keyboard.press('Home');
    expect(await focused('aria-posinset')).toBe('1');
    // On to the first branch that opens.
    while ((await focused('aria-expanded')) === null) await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowRight');
    expect(await focused('aria-expanded')).toBe('true');
    await page.keyboard.press('ArrowRight');
    expect(await focused('aria-level')).toBe('2');
    await page.keyboard.press('ArrowLeft');
    expect(await focused('aria-level')).toBe('1');
    await page.keyboard.press('ArrowLeft');
    expect(await focused('aria-expanded')).toBe('false');
    await page.keyboard.press(' ');
    expect(await focused('aria-expanded')).toBe('true');
    await page.keyboard.press('End');
    const setSize = await focused('aria-setsize');
    expect(await focused('aria-posinset')).toBe(setSize);
    // The tree is one stop: the next is outside of it.
    await page.keyboard.press('Tab');
    expect(await focused('role')).not.toBe('treeitem');
    await page.close();
  });

  it('picks problems by outcome, and one after the other', async () => {
    const { page } = await openFile(browser, at('report.html'), {
      colorScheme: 'light',
      width: 1280,
    });
    const run = data.runs.findIndex(({ strategy }) => strategy.name === 'greedy');
    await page.selectOption('#viewer-run', String(run));
    for (const [value, wanted] of [
      ['right', true],
      ['wrong', false],
    ] as const) {
      await page.selectOption('#viewer-show', value);
      const found = problems.filter(
        ({ searches }) => searches.find((one) => one.run === run)?.strict === wanted,
      );
      const options = await page.locator('#viewer-problem option').allTextContents();
      expect(options.map((text) => text.split(/[ :]/)[1])).toEqual(found.map(({ id }) => id));
    }
    await page.selectOption('#viewer-show', 'all');
    await page.selectOption('#viewer-problem', '0');
    await page.getByRole('button', { name: 'Next' }).click();
    expect(await page.locator('.problem').innerText()).toContain(problems[1]?.problem);
    expect(await page.getByRole('button', { name: 'Previous' }).isEnabled()).toBe(true);
    await page.close();
  });

  it('shows hostile texts as text', async () => {
    const attack = `</script><script>globalThis.hit = 1</script><img src=x onerror="hit = 2">${'w'.repeat(300)}`;
    const runs = await Promise.all(
      [greedy(), bestOfN({ budget: 4 }), dvts({ budget: 8, width: 4 })].map(async (strategy) => {
        const run = await fakeRun(strategy, { problems: ['p', 'q'] });
        const text = JSON.stringify(run.records);
        const quoted = JSON.stringify(attack).slice(1, -1);
        const records = text
          .replaceAll('"problem":"', `"problem":"${quoted}`)
          .replaceAll('"text":"', `"text":"${quoted}`)
          .replaceAll('"answer":"', `"answer":"${quoted}`)
          .replaceAll('"subject":null', `"subject":"${quoted}"`);
        return { ...run, records: JSON.parse(records) as typeof run.records };
      }),
    );
    const html = formatPage(await collectReport(runs), await readViewerScript());
    await writeFile(at('hostile.html'), html);
    for (const width of [1280, 400]) {
      const { page, complaints } = await openFile(browser, at('hostile.html'), {
        colorScheme: 'light',
        width,
      });
      await page.getByRole('button', { name: 'Expand all' }).click();
      expect(await page.evaluate('globalThis.hit')).toBeUndefined();
      expect(complaints).toEqual([]);
      expect(await widthOf(page)).toBeLessThanOrEqual(width);
      expect(await page.locator('.problem').innerText()).toContain('<img src=x onerror=');
      expect(await count(page, 'img')).toBe(0);
      await page.close();
    }
  });
});
