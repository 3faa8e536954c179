// Asks the policy's tree for children. What chains ask for in one turn below one node goes out as one
// call: a search of a thousand paths crosses into the engine once, and listens for its abort once.
import type {
  ChildRequest,
  NodeId,
  SampledRun,
  SampleOptions,
  TokenTree,
} from '../engine/token-tree.js';

interface Order {
  readonly child: ChildRequest;
  readonly resolve: (run: Promise<SampledRun>) => void;
  readonly reject: (error: unknown) => void;
}

/** Gathers one search's requests for children. */
export class Sampler {
  readonly #tree: TokenTree;
  readonly #options: SampleOptions;
  #orders = new Map<NodeId, Order[]>();

  constructor(tree: TokenTree, options: SampleOptions) {
    this.#tree = tree;
    this.#options = options;
  }

  /** One promise a child, settled as each finishes; queued with the next microtask. */
  sample(parent: NodeId, children: readonly ChildRequest[]): readonly Promise<SampledRun>[] {
    if (this.#orders.size === 0) queueMicrotask(() => this.#flush());
    const orders = this.#orders.get(parent) ?? [];
    this.#orders.set(parent, orders);
    return children.map((child) => {
      return new Promise<SampledRun>((resolve, reject) => orders.push({ child, resolve, reject }));
    });
  }

  #flush(): void {
    const gathered = this.#orders;
    this.#orders = new Map();
    for (const [parent, orders] of gathered) {
      try {
        const children = orders.map((order) => order.child);
        const runs = this.#tree.sample(parent, children, this.#options);
        orders.forEach((order, index) => {
          const run = runs[index];
          if (run !== undefined) order.resolve(run);
        });
      } catch (error) {
        for (const order of orders) order.reject(error);
      }
    }
  }
}
