// How far long work is, and about how long it will take from here.
import { percent, seconds } from '../figures.js';

/** Counts work as it is done; its unit does not matter. */
export class WorkProgress {
  readonly #total: number;
  readonly #startedAt = performance.now();
  #done = 0;
  #found = 0;

  /** @param work of each part */
  constructor(work: readonly number[]) {
    this.#total = work.reduce((sum, one) => sum + one, 0);
  }

  /** Work is done; `isOld` where an earlier invocation did it, which tells nothing about speed. */
  add(work: number, isOld: boolean): void {
    this.#done += work;
    if (isOld) this.#found += work;
  }

  /** 42.0%, about 3.2 s left */
  text(): string {
    const share = percent(this.#total === 0 ? 1 : this.#done / this.#total);
    const speed = (this.#done - this.#found) / ((performance.now() - this.#startedAt) / 1000);
    if (!(speed > 0)) return share;
    return `${share}, about ${seconds(Math.max(0, this.#total - this.#done) / speed)} left`;
  }
}
