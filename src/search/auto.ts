// Runs `auto`: probes, the plan's choice, then the chosen strategy on the same account and clock.
// Majority and Best-of-N go on from the probes; a tree begins anew below the same prompt. What comes
// out is what the chosen strategy would have given alone, but for the ledger.
import type { AutoSettings } from './auto-settings.js';
import type { PlannedBudget, Prediction } from './auto-strategy.js';
import type { Branch } from './branch.js';
import { isVoteDecided, looksOf } from './early-stop.js';
import { announce, conclude, endedPaths, runChains, runSearch } from './loop.js';
import { type Settings, settingsOf } from './options.js';
import type { AutoOutcome, SearchPath, SearchResult } from './result.js';
import { encodePrompts, SearchState } from './state.js';
import type { BestOfNStrategy, MajorityStrategy, Strategy } from './strategy.js';

/** Runs a search whose options were checked; `search` documents what it gives and throws. */
export async function runAuto(
  question: string,
  settings: Settings,
  auto: AutoSettings,
): Promise<SearchResult> {
  const { budget, adviser } = auto;
  const chosen = budget.unit === 'milliseconds' ? undefined : adviser.unprobed(budget);
  if (chosen === undefined) return new AutoSearch(question, settings, auto).run();
  const result = await runSearch(question, settingsOf(settings, chosen));
  return { ...result, auto: { prediction: null, chosen, stoppedAt: null, probes: [] } };
}

/** One search with probes. */
class AutoSearch {
  readonly #question: string;
  readonly #auto: AutoSettings;
  readonly #probing: SearchState;
  readonly #startedAt = performance.now();
  /** Of the search that runs: the probing one, then the chosen one's. */
  #answers = new Set<Branch>();
  #probes: readonly SearchPath[] = [];
  #stoppedAt: number | null = null;

  constructor(question: string, settings: Settings, auto: AutoSettings) {
    this.#question = question;
    this.#auto = auto;
    this.#probing = new SearchState(settings, encodePrompts(question, settings));
  }

  async run(): Promise<SearchResult> {
    let search = this.#probing;
    let prediction: Prediction | null = null;
    try {
      announce(search, this.#question);
      const root = await search.open();
      if (root !== undefined && (await this.#probe(root))) {
        prediction = this.#auto.adviser.predict(this.#probes);
        const chosen = this.#auto.adviser.choose(prediction.bin, this.#budget());
        search.emit({ type: 'chosen', strategy: chosen, prediction });
        search = await this.#go(root, chosen);
      }
    } finally {
      this.#probing.close();
    }
    const result = conclude(search, this.#answers, this.#startedAt);
    const isTimed = this.#auto.budget.unit === 'milliseconds';
    const outcome: AutoOutcome = {
      prediction,
      chosen: search.settings.strategy,
      stoppedAt: this.#stoppedAt,
      probes: this.#probes,
    };
    return { ...result, reproducible: result.reproducible && !isTimed, auto: outcome };
  }

  /** Samples the probes; resolves to whether all of them are there. */
  async #probe(root: Branch): Promise<boolean> {
    const search = this.#probing;
    await runChains(search, root, 0, this.#auto.adviser.probes, this.#answers);
    this.#probes = endedPaths(search, this.#answers);
    return !hasStopped(search);
  }

  /** The budget as the plan knows it: time in the FLOPs that it is good for at the probes' speed. */
  #budget(): PlannedBudget {
    const { unit, amount } = this.#auto.budget;
    if (unit !== 'milliseconds') return { unit, amount };
    const elapsedMs = Math.max(1e-3, performance.now() - this.#startedAt);
    return { unit: 'flops', amount: (this.#probing.account.flops / elapsedMs) * amount };
  }

  /** Runs what was chosen; resolves to its search. */
  async #go(root: Branch, chosen: Strategy): Promise<SearchState> {
    const { settings, prompts } = this.#probing;
    const own = settingsOf(settings, chosen);
    if (chosen.name === 'majority' || chosen.name === 'best-of-n') {
      const ended = this.#auto.adviser.probes;
      const search = new SearchState(own, prompts, { search: this.#probing, ended });
      // Majority knows no scores: with them a tie could go another way.
      const isScored = own.reward !== undefined;
      const probes = this.#probing.ended.map((path) => (isScored ? path : unscored(path)));
      search.ended.push(...probes);
      this.#answers = new Set(probes);
      await this.#continue(search, root, chosen);
      return search;
    }
    this.#answers = new Set();
    const search = new SearchState(own, prompts, { search: this.#probing, ended: 0 });
    await runChains(search, root, 0, search.rule.chains, this.#answers);
    return search;
  }

  /** Samples the paths that are left, from look to look, until the vote is decided. */
  async #continue(
    search: SearchState,
    root: Branch,
    { budget }: MajorityStrategy | BestOfNStrategy,
  ): Promise<void> {
    const looks = looksOf(this.#auto.adviser.probes, budget);
    for (const [i, paths] of looks.entries()) {
      const sampled = endedPaths(search, this.#answers);
      if (isVoteDecided(sampled, search.rule, budget - paths, this.#auto.strategy.stop)) {
        this.#stoppedAt = paths;
        return;
      }
      await runChains(search, root, paths, looks[i + 1] ?? budget, this.#answers);
      if (hasStopped(search)) return;
    }
  }
}

/** Whether a limit, the clock, the caller or an error has ended a search. */
function hasStopped({ stop, allowance }: SearchState): boolean {
  return stop.signal.aborted || allowance.reason !== undefined;
}

/** The same path as a search without a reward model has it. */
function unscored(path: Branch): Branch {
  const steps = path.steps.map(({ text }) => ({ text, score: null, margin: null }));
  return { ...path, steps, margin: Number.NEGATIVE_INFINITY };
}
