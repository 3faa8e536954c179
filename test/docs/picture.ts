// The picture in the README: a real search by `espalier solve`, put between its markers.
// `npx tsx test/docs/picture.ts` draws it again after the embedded models have changed.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { espalier } from '../cli/command-line.js';

const readme = fileURLToPath(new URL('../../README.md', import.meta.url));
const place = /(?<=<!-- picture -->\n```console\n)[\s\S]*?(?=```\n<!-- \/picture -->)/;
const question =
  'Val has 52 tickets. Ian has 25 fewer tickets than Val. Ned has 8 more tickets than Ian. ' +
  'Uma has 2 fewer tickets than Ned. Kim has 11 fewer tickets than Uma. ' +
  'How many tickets does Kim have?';
const flags = ['--policy', 'policy-0.4m', '--strategy', 'beam-search'];

/** The picture as the README has it. */
export function picture(): string {
  return place.exec(readFileSync(readme, 'utf8'))?.[0] ?? '';
}

/** The picture as it is drawn now. */
export async function drawPicture(): Promise<string> {
  const { code, stdout } = await espalier(['solve', question, ...flags]);
  if (code !== 0) throw new Error(`espalier solve ended with ${code}`);
  return `$ npx espalier solve "Val has 52 …" ${flags.join(' ')}\n${stdout}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const drawn = await drawPicture();
  writeFileSync(
    readme,
    readFileSync(readme, 'utf8').replace(place, () => drawn),
  );
}
