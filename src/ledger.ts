// Everything a search spends, counted in this one place (DESIGN §7). The ledger is logical: this
// search alone, nothing cached before it. What sharing really saved shows in `computed`.

/** What a model costs per token; from its package's dimensions. */
export interface ModelCost {
  /** Weights of the matrices that every token passes: no embedding look-up, no head. */
  readonly matrixWeights: number;
  /** Weights of the head, which runs on the rows that are read. */
  readonly headWeights: number;
  readonly layers: number;
  /** Query heads. */
  readonly heads: number;
  readonly headDim: number;
}

/** What one search spent on its policy. */
export interface PolicyLedger {
  /** Tokens of the prompt, filled once. */
  readonly promptTokens: number;
  /** Tokens sampled: end-of-sequence tokens, duplicates and pruned branches included. */
  readonly sampledTokens: number;
  /** Tokens run through the model: the prompt, and sampled ones that something follows. */
  readonly processedTokens: number;
  readonly flops: number;
}

/** What one search spent on its reward model; all 0 where there was none. */
export interface RewardLedger {
  /** Tokens of the question in the reward model's own prompt. */
  readonly promptTokens: number;
  /** Tokens run through the model: prompt, steps and markers, none of them twice. */
  readonly processedTokens: number;
  /** Calls that scored something; identical siblings share one. */
  readonly calls: number;
  /** Steps scored. */
  readonly scores: number;
  readonly flops: number;
}

/** Everything one search spent. */
export interface Ledger {
  readonly policy: PolicyLedger;
  readonly reward: RewardLedger;
  /** Policy and reward model together. */
  readonly flops: number;
  /**
   * FLOPs that the same tree would have taken without sharing: every child fills its whole prefix
   * again, every score reads its whole solution again. Identical siblings are scored once here too,
   * so what is saved is not overstated. What sharing saves is this less `flops`.
   */
  readonly unshared: { readonly policy: number; readonly reward: number };
  /**
   * Tokens that the engine really ran; fewer where it found a prefix that another search or path had
   * left in its trees. Depends on what else is running, as nothing above does.
   */
  readonly computed: { readonly policy: number; readonly reward: number };
  /** Wall time of the search, in seconds; depends on the machine and on its neighbours. */
  readonly seconds: number;
}

/** Rows run through a model, counted so that they add up in any order. */
interface Rows {
  tokens: number;
  /** Rows that the head ran on. */
  heads: number;
  /** Sum over the rows of the context each one saw, itself included. */
  context: number;
}

/**
 * FLOPs of running `to - from` tokens at positions `from` to `to - 1`, the head on `heads` of them:
 * 2 x matrix weights, and 4 x layers x query heads x head size x context for attention (DESIGN §7).
 */
export function flopsOf(cost: ModelCost, from: number, to: number, heads: number): number {
  return flopsOfRows(cost, { tokens: to - from, heads, context: contextSum(from, to) });
}

function flopsOfRows(cost: ModelCost, rows: Rows): number {
  const matrices = 2 * (cost.matrixWeights * rows.tokens + cost.headWeights * rows.heads);
  return matrices + 4 * cost.layers * cost.heads * cost.headDim * rows.context;
}

/** from + 1 + ... + to: the contexts of the rows at positions `from` to `to - 1`. */
function contextSum(from: number, to: number): number {
  return (to * (to + 1) - from * (from + 1)) / 2;
}

/** The open account of one search. All sums are of integers, so order of completion cannot show. */
export class Account {
  readonly #policyCost: ModelCost;
  readonly #rewardCost: ModelCost | undefined;
  readonly #policy: Rows = { tokens: 0, heads: 0, context: 0 };
  readonly #reward: Rows = { tokens: 0, heads: 0, context: 0 };
  readonly #unsharedPolicy: Rows = { tokens: 0, heads: 0, context: 0 };
  readonly #unsharedReward: Rows = { tokens: 0, heads: 0, context: 0 };
  #policyPrompt = 0;
  #policyComputed = 0;
  #sampled = 0;
  #rewardPrompt = 0;
  #rewardComputed = 0;
  #calls = 0;

  constructor(policyCost: ModelCost, rewardCost: ModelCost | undefined) {
    this.#policyCost = policyCost;
    this.#rewardCost = rewardCost;
  }

  /** The policy's prompt was filled; its last row ran the head. */
  promptFilled(tokens: number, computed: number): void {
    this.#policyPrompt += tokens;
    this.#policyComputed += computed;
    add(this.#policy, 0, tokens, tokens === 0 ? 0 : 1);
  }

  /**
   * A run of `tokens` was sampled after `position` tokens. Every token but the last was run to
   * sample the next one; the last is run only if something follows it (`continued`).
   */
  sampled(position: number, tokens: number): void {
    this.#sampled += tokens;
    this.#policyComputed += tokens - 1;
    add(this.#policy, position, position + tokens - 1, tokens - 1);
    add(this.#unsharedPolicy, 0, position + tokens - 1, tokens);
  }

  /** The last token of a run that ends at `position` was run, once for all that follow it. */
  continued(position: number): void {
    this.#policyComputed += 1;
    add(this.#policy, position - 1, position, 1);
  }

  /** The reward model's prompt was filled. */
  rewardPromptFilled(tokens: number, computed: number): void {
    this.#rewardPrompt += tokens;
    this.#rewardComputed += computed;
    add(this.#reward, 0, tokens, 0);
  }

  /** The reward model read tokens `from` to `to - 1`, with `markers` scores. */
  scored(from: number, to: number, markers: number): void {
    this.#calls += 1;
    add(this.#reward, from, to, markers);
    add(this.#unsharedReward, 0, to, markers);
  }

  /** Tokens that a call to `scored` really ran. */
  scoreComputed(computed: number): void {
    this.#rewardComputed += computed;
  }

  /** Tokens sampled so far. */
  get sampledTokens(): number {
    return this.#sampled;
  }

  /** FLOPs so far, both models together. */
  get flops(): number {
    return this.#policyFlops() + this.#rewardFlops();
  }

  /** The ledger as it stands, with the search's wall time. */
  close(seconds: number): Ledger {
    return {
      policy: {
        promptTokens: this.#policyPrompt,
        sampledTokens: this.#sampled,
        processedTokens: this.#policy.tokens,
        flops: this.#policyFlops(),
      },
      reward: {
        promptTokens: this.#rewardPrompt,
        processedTokens: this.#reward.tokens,
        calls: this.#calls,
        scores: this.#reward.heads,
        flops: this.#rewardFlops(),
      },
      flops: this.flops,
      unshared: {
        policy: flopsOfRows(this.#policyCost, this.#unsharedPolicy),
        reward: this.#rewardCost ? flopsOfRows(this.#rewardCost, this.#unsharedReward) : 0,
      },
      computed: { policy: this.#policyComputed, reward: this.#rewardComputed },
      seconds,
    };
  }

  #policyFlops(): number {
    return flopsOfRows(this.#policyCost, this.#policy);
  }

  #rewardFlops(): number {
    return this.#rewardCost === undefined ? 0 : flopsOfRows(this.#rewardCost, this.#reward);
  }
}

function add(rows: Rows, from: number, to: number, heads: number): void {
  rows.tokens += to - from;
  rows.heads += heads;
  rows.context += contextSum(from, to);
}
