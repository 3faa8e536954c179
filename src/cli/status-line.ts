// One line of progress at the bottom of a terminal, rewritten in place at most ten times a second.
// Does nothing where standard error is no terminal.
import { columnsOf, type TextStream } from './environment.js';
import { clip } from './text-layout.js';

const intervalMs = 100;

export class StatusLine {
  readonly #stream: TextStream;
  readonly #isShown: boolean;
  #lastShown = Number.NEGATIVE_INFINITY;

  constructor(stream: TextStream) {
    this.#stream = stream;
    this.#isShown = stream.isTTY === true;
  }

  /** Shows what `compose` gives, unless the last showing was a moment ago. */
  show(compose: () => string): void {
    if (!this.#isShown || performance.now() - this.#lastShown < intervalMs) return;
    this.#lastShown = performance.now();
    this.#stream.write(`\r\u001b[2K${clip(compose(), columnsOf(this.#stream) - 1)}`);
  }

  /** Takes the line away, so that what comes next starts on a clean one. */
  clear(): void {
    if (this.#isShown && Number.isFinite(this.#lastShown)) this.#stream.write('\r\u001b[2K');
    this.#lastShown = Number.NEGATIVE_INFINITY;
  }
}
