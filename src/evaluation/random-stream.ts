// A seeded sequence of random numbers for resampling: Philox in counter mode, so that equal seeds and
// names give equal numbers on every machine. Searches do not use it; their numbers are keyed by path.
import { mix, philox4x32, type Words2, type Words4 } from '../random.js';

/** Its numbers depend on the keys alone. */
export class RandomStream {
  readonly #key: Words2;
  #counter = 0;
  #words: Words4 = [0, 0, 0, 0];
  #used = 4;

  /** @param keys integers that name the stream; their order matters */
  constructor(...keys: readonly number[]) {
    const key = mix(...keys.map(BigInt));
    this.#key = [Number(key & 0xffffffffn), Number(key >> 32n)];
  }

  /** A uniform integer in [0, bound), 1 <= bound <= 2^32; without bias. */
  below(bound: number): number {
    // The largest multiple of the bound: words from there on would favour small numbers.
    const limit = 2 ** 32 - (2 ** 32 % bound);
    let word = this.#next();
    while (word >= limit) word = this.#next();
    return word % bound;
  }

  /** Puts a uniform sample of `count` of the items, without replacement, first (partial Fisher-Yates). */
  sampleFirst(items: Int32Array, count: number): void {
    for (let i = 0; i < count; i++) {
      const j = i + this.below(items.length - i);
      const item = items[j] ?? 0;
      items[j] = items[i] ?? 0;
      items[i] = item;
    }
  }

  #next(): number {
    if (this.#used === 4) {
      const counter = this.#counter++;
      this.#words = philox4x32([counter >>> 0, Math.floor(counter / 2 ** 32), 0, 0], this.#key);
      this.#used = 0;
    }
    return this.#words[this.#used++] ?? 0;
  }
}
