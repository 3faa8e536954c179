// The picture in the README: a real search by `espalier solve`, put between its markers.
// `npx tsx test/docs/picture.ts` draws it again after the embedded models have changed.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { espalier } from '../cli/command-line.js';

const readme = fileURLToPath(new URL('../../README.md', import.meta.url));
const place = /(?<=<!-- picture -->\n```console\n)[\s\S]*?(?=```\n<!-- \/picture -->)/;
const question =
  'Leo has 12 apples. Ben has 29 more apples than Leo. Ann has 24 fewer apples than Ben. ' +
  'Oli has 5 times as many apples as Ann. How many apples does Oli have?';

/** The picture as the README has it. */
export function picture(): string {
  return place.exec(readFileSync(readme, 'utf8'))?.[0] ?? '';
}

/** The picture as it is drawn now. */
export async function drawPicture(): Promise<string> {
  const { code, stdout } = await espalier(['solve', question, '--strategy', 'beam-search']);
  if (code !== 0) throw new Error(`espalier solve ended with ${code}`);
  return `$ npx espalier solve "Leo has 12 apples. …" --strategy beam-search\n${stdout}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const drawn = await drawPicture();
  writeFileSync(
    readme,
    readFileSync(readme, 'utf8').replace(place, () => drawn),
  );
}
