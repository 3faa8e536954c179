// The perplexity of SmolLM2-135M-Instruct on the first six windows of GSM8K in every precision, beside
// what Hugging Face's dequantised copy gives (test/golden/smollm2.json); import time and peak memory.
//   tsx bench/perplexity.ts FOLDER_OF_THE_GGUF GSM8K_JSONL
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openTree } from '../src/engine/engine.js';
import { measurePerplexity } from '../src/evaluation/perplexity.js';
import { importModel } from '../src/model/import.js';
import { PRECISIONS } from '../src/model/manifest.js';
import { openTokenizer } from '../src/text/tokenizer.js';

interface Golden {
  readonly model: string;
  readonly perplexity: { readonly window: number; readonly losses: number[] };
}

const [folder, questions] = process.argv.slice(2);
if (folder === undefined || questions === undefined) {
  throw new Error('usage: tsx bench/perplexity.ts FOLDER_OF_THE_GGUF GSM8K_JSONL');
}
const url = new URL('../test/golden/smollm2.json', import.meta.url);
const golden = JSON.parse(readFileSync(url, 'utf8')) as Golden;
const { window, losses } = golden.perplexity;
const tokens = losses.length * (window - 1);
const expected = Math.exp(losses.reduce((sum, loss) => sum + loss, 0) / tokens);
console.log(`Hugging Face fp32: ${expected.toFixed(4)}`);

const text = readFileSync(questions, 'utf8')
  .trim()
  .split('\n')
  .map((row) => JSON.parse(row) as { question: string; answer: string })
  .map(({ question, answer }) => `${question}\n${answer}`)
  .join('\n\n');
const scratch = mkdtempSync(join(tmpdir(), 'espalier-perplexity-'));
try {
  for (const precision of PRECISIONS) {
    const startedAt = performance.now();
    const model = await importModel(join(folder, golden.model), join(scratch, precision), {
      precision,
    });
    const importSeconds = (performance.now() - startedAt) / 1000;
    const peak = process.resourceUsage().maxRSS / 1024;
    const tokenizer = await openTokenizer(model.directory);
    const bytes = tokenizer.tokenBytes(model.manifest.dimensions.vocabulary);
    const tree = await openTree(model, bytes, { kvMemory: 2 ** 28, threads: 2 });
    const ids = tokenizer.encode(text).slice(0, losses.length * window);
    const { perplexity } = await measurePerplexity(tree, ids, { window });
    await tree.dispose();
    const change = (100 * (perplexity / expected - 1)).toFixed(3);
    console.log(
      `${precision}: ${perplexity.toFixed(4)} (${change}%); imported in ${importSeconds.toFixed(1)} s, ` +
        `most memory so far ${peak.toFixed(0)} MiB`,
    );
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
