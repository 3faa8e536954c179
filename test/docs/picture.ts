// The picture in the README: a real search by `espalier solve`, put between its markers.
// `npx tsx test/docs/picture.ts` draws it again after the embedded models have changed.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { espalier } from '../cli/command-line.js';

const readme = fileURLToPath(new URL('../../README.md', import.meta.url));
const place = /(?<=<!-- picture -->\n```console\n)[\s\S]*?(?=```\n<!-- \/picture -->)/;
const question =
  'Dan has 17 beads. Max has 5 times as many beads as Dan. Gus has 11 more beads than Max. ' +
  'Ned has 3 more beads than Gus. Wes has 80 fewer beads than Ned. ' +
  'Ann has 3 times as many beads as Wes. How many beads does Ann have?';
const flags = ['--policy', 'policy-0.4m', '--strategy', 'beam-search'];

/** The picture as the README has it. */
export function picture(): string {
  return place.exec(readFileSync(readme, 'utf8'))?.[0] ?? '';
}

/** The picture as it is drawn now. */
export async function drawPicture(): Promise<string> {
  const { code, stdout } = await espalier(['solve', question, ...flags]);
  if (code !== 0) throw new Error(`espalier solve ended with ${code}`);
  return `$ npx espalier solve "Dan has 17 …" ${flags.join(' ')}\n${stdout}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const drawn = await drawPicture();
  writeFileSync(
    readme,
    readFileSync(readme, 'utf8').replace(place, () => drawn),
  );
}
