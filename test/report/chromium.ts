// A real browser for the page's tests: Debian's or another installed Chromium, or the one that
// $ESPALIER_CHROMIUM names. Nothing is downloaded; where there is none, tests say that they skip.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';

const candidates = [
  process.env.ESPALIER_CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];

/** Undefined where there is none. */
export const chromiumPath = candidates.find((path) => path !== undefined && existsSync(path));

export function launchChromium(): Promise<Browser> {
  if (chromiumPath === undefined) throw new Error('no Chromium');
  // Its sandbox needs rights that containers lack; the pages are this project's own.
  return chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox'] });
}

/** A page on a file, and what happened in it. */
export interface OpenPage {
  readonly page: Page;
  /** Console errors and warnings, uncaught errors, and requests for anything but the file. */
  readonly complaints: readonly string[];
}

export interface PageOptions {
  readonly width: number;
  readonly colorScheme: 'light' | 'dark';
}

/** Opens a file in a window of its own; close the page when done. */
export async function openFile(
  browser: Browser,
  file: string,
  { width, colorScheme }: PageOptions,
): Promise<OpenPage> {
  const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
  const complaints: string[] = [];
  const url = pathToFileURL(file).href;
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    if (request.url() !== url && request.url() !== 'data:,') complaints.push(request.url());
  });
  await page.goto(url);
  return { page, complaints };
}

/** What axe finds wrong, contrast among it; nothing is added to the page, whose policy forbids it. */
export async function accessibilityFaults(page: Page): Promise<readonly string[]> {
  const axe = fileURLToPath(import.meta.resolve('axe-core/axe.min.js'));
  await page.evaluate(readFileSync(axe, 'utf8'));
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: { run(): Promise<{ violations: readonly Violation[] }> };
    };
    interface Violation {
      readonly id: string;
      readonly nodes: readonly { readonly target: readonly unknown[] }[];
    }
    const { violations } = await axe.run();
    return violations.map(
      ({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join('; ')}`,
    );
  });
}
