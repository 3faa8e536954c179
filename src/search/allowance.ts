// The token and FLOP limits of a search, shared among its chains so that they are never exceeded and
// the outcome is the same in every run. The meaning is sequential: a chain may spend what the chains
// before it, in path order, have left. Chains run together all the same while the limit cannot bind:
// a chain waits only where what it would be given depends on an earlier chain that has not ended.

/** A round's children, about to be sampled. */
export interface Draw {
  readonly children: number;
  /** Sum of the children's own caps: what the round can sample at most. */
  readonly most: number;
  /** Upper estimate of the round's FLOPs where no child samples more than `cap` tokens. */
  readonly flopsAt: (cap: number) => number;
  /** The largest cap of a child. */
  readonly cap: number;
}

/** How many tokens each child of a draw may sample; Infinity: its own cap alone. 0: none. */
export interface Grant {
  readonly cap: number;
  readonly limit: 'tokens' | 'flops' | undefined;
}

interface Chain {
  used: number;
  hasEnded: boolean;
}

/** The limits of one search. */
export class Allowance {
  readonly #maxTokens: number;
  readonly #maxFlops: number;
  readonly #spentFlops: () => number;
  readonly #chains: readonly Chain[];
  readonly #chainBound: number;
  #limited: { readonly chain: number; readonly reason: 'tokens' | 'flops' } | undefined;
  #wake: (() => void)[] = [];

  /**
   * @param chainBound the most tokens that one chain can sample whatever happens
   * @param spentFlops the search's FLOPs so far
   */
  constructor(
    limits: { readonly maxTokens: number; readonly maxFlops: number },
    chains: number,
    chainBound: number,
    spentFlops: () => number,
  ) {
    this.#maxTokens = limits.maxTokens;
    this.#maxFlops = limits.maxFlops;
    this.#chains = Array.from({ length: chains }, () => ({ used: 0, hasEnded: false }));
    // What a chain's scores cost is known only once it was sampled: under a FLOP limit, one by one.
    this.#chainBound = limits.maxFlops === Infinity ? chainBound : Infinity;
    this.#spentFlops = spentFlops;
  }

  get hasFlopLimit(): boolean {
    return this.#maxFlops !== Infinity;
  }

  /** The limit that cut the search, if one did. */
  get reason(): 'tokens' | 'flops' | undefined {
    return this.#limited?.reason;
  }

  /** Waits until what the chain may sample is certain, or `signal` is aborted. */
  async grant(chain: number, draw: Draw, signal: AbortSignal): Promise<Grant> {
    if (this.#maxTokens === Infinity && !this.hasFlopLimit) return unlimited;
    while (!signal.aborted) {
      const earlier = this.#chains.slice(0, chain);
      const spent = this.#chains[chain]?.used ?? 0;
      if (earlier.every((other) => other.hasEnded)) {
        if (this.#limited !== undefined) return { cap: 0, limit: this.#limited.reason };
        const left = this.#maxTokens - spent - sum(earlier.map((other) => other.used));
        return this.#tighter(draw, left);
      }
      const bound = sum(earlier.map((other) => (other.hasEnded ? other.used : this.#chainBound)));
      if (this.#maxTokens - spent - bound >= draw.most) return unlimited;
      await this.#change(signal);
    }
    return unlimited;
  }

  /** A chain sampled tokens. */
  spend(chain: number, tokens: number): void {
    const account = this.#chains[chain];
    if (account !== undefined) account.used += tokens;
  }

  /** Whether `flops` more may be spent; the caller then spends them at once. */
  admits(flops: number): boolean {
    return this.#spentFlops() + flops <= this.#maxFlops;
  }

  /** A limit cut the chain: it and all later ones end. */
  limit(chain: number, reason: 'tokens' | 'flops'): void {
    if (this.#limited === undefined || chain < this.#limited.chain) {
      this.#limited = { chain, reason };
    }
  }

  /** Whether a limit cut this chain or an earlier one. */
  isLimited(chain: number): boolean {
    return this.#limited !== undefined && this.#limited.chain <= chain;
  }

  /** The chain samples nothing more. */
  end(chain: number): void {
    const account = this.#chains[chain];
    if (account !== undefined) account.hasEnded = true;
    const waiting = this.#wake;
    this.#wake = [];
    for (const wake of waiting) wake();
  }

  /** The tighter of both limits, for a chain that has everything left to itself. */
  #tighter(draw: Draw, tokensLeft: number): Grant {
    const byTokens = draw.most <= tokensLeft ? Infinity : Math.floor(tokensLeft / draw.children);
    const byFlops = this.#capByFlops(draw, Math.min(draw.cap, byTokens));
    if (byFlops < byTokens) return { cap: byFlops, limit: 'flops' };
    return byTokens === Infinity ? unlimited : { cap: byTokens, limit: 'tokens' };
  }

  /** The largest cap whose FLOPs fit; Infinity where `cap` itself does. */
  #capByFlops(draw: Draw, cap: number): number {
    if (!this.hasFlopLimit) return Infinity;
    const left = this.#maxFlops - this.#spentFlops();
    if (draw.flopsAt(cap) <= left) return Infinity;
    let fits = 0;
    let fails = cap;
    while (fails - fits > 1) {
      const middle = Math.floor((fits + fails) / 2);
      if (draw.flopsAt(middle) <= left) fits = middle;
      else fails = middle;
    }
    return fits;
  }

  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        signal.removeEventListener('abort', wake);
        resolve();
      };
      signal.addEventListener('abort', wake, { once: true });
      this.#wake.push(wake);
    });
  }
}

const unlimited: Grant = { cap: Infinity, limit: undefined };

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
