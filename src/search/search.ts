// One search: checks its options, runs the loop, gives back the result.
import { runAuto } from './auto.js';
import { runSearch } from './loop.js';
import { checkQuestion, resolveOptions, type SearchOptions } from './options.js';
import type { SearchResult } from './result.js';

/**
 * Searches for the answer to a question. Many searches at once share one engine and fill its batches.
 *
 * Resolves also where a limit or `signal` cut it (`stopReason`), with the best answer so far.
 * Everything it made in the engine is released before it settles.
 * @throws OptionError before any work, on a bad option or a question that does not fit the context;
 *   EngineError where the engine fails (POOL_TOO_SMALL, POOL_EXHAUSTED, ENGINE_FAILED);
 *   DisposedError where a model was disposed
 * @example
 * const result = await search('How many cards does Ray have? …', {
 *   policy, reward, strategy: dvts({ budget: 64, width: 4 }), seed: 7,
 * });
 * console.log(result.answer, result.path.steps, result.ledger);
 */
export async function search(question: string, options: SearchOptions): Promise<SearchResult> {
  const settings = resolveOptions(options);
  const { auto } = settings;
  const text = checkQuestion(question);
  return auto === undefined ? runSearch(text, settings) : runAuto(text, settings, auto);
}
