// The viewer's program as one script for the page: its modules one after the other, each after those that
// it imports, without the lines that join them. Plain JavaScript, so that nothing has to be bundled.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

/** Each after what it imports. */
const modules = ['elements', 'keys', 'tree', 'search'] as const;

export interface ViewerScript {
  readonly text: string;
  /** Names it in the page's Content-Security-Policy, in base64. */
  readonly sha256: string;
}

export async function readViewerScript(): Promise<ViewerScript> {
  const parts = await Promise.all(
    modules.map((name) => readFile(new URL(`./viewer/${name}.js`, import.meta.url), 'utf8')),
  );
  const text = parts
    .join('\n')
    .replace(/^import [^;]*;\n/gm, '')
    .replace(/^export (?=function )/gm, '')
    .replace(/^\/\/# sourceMappingURL=.*\n?/gm, '')
    .replaceAll('</', '<\\/');
  return { text, sha256: createHash('sha256').update(text).digest('base64') };
}
