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
  /** Tokens really run; less where another search had left its prefix in the tree. */
  readonly computed: number;
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
  /** Tokens really run; less where siblings begin alike. */
  readonly computed: number;
  readonly flops: number;
}

/** Everything one search spent. */
export interface Ledger {
  readonly policy: PolicyLedger;
  readonly reward: RewardLedger;
  /** Policy and reward model together. */
  readonly flops: number;
  /** Wall time of the search, in seconds; depends on the machine and on its neighbours. */
  readonly seconds: number;
}
