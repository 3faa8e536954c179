// Checks the parts of a plan's document as they are read: every fault says which part of which file.
import { expectedMessage, ModelError } from '../errors.js';
import { checkStrategy, type Strategy } from '../search/strategy.js';
import type { AdvisedProbing, AdvisedStep } from './adviser.js';

/** An object whose parts are still to be checked. */
export type Fields = { readonly [name: string]: unknown };

/** Every method gives back what it was given, checked. @throws ModelError INVALID_FILE */
export class Checker {
  readonly #from: string;

  constructor(from: string) {
    this.#from = from;
  }

  fault(at: string, expected: string, actual: unknown, cause?: unknown): ModelError {
    const message = `${this.#from}: ${expectedMessage(at, expected, actual)}`;
    return new ModelError(message, 'INVALID_FILE', cause === undefined ? {} : { cause });
  }

  object(at: string, value: unknown): Fields {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return value as Fields;
    }
    throw this.fault(at, 'an object', value);
  }

  array(at: string, value: unknown): readonly unknown[] {
    if (Array.isArray(value)) return value;
    throw this.fault(at, 'an array', value);
  }

  text(at: string, value: unknown): string {
    if (typeof value === 'string' && value !== '') return value;
    throw this.fault(at, 'a text', value);
  }

  number(at: string, value: unknown): number {
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    throw this.fault(at, 'a number', value);
  }

  boolean(at: string, value: unknown): boolean {
    if (typeof value === 'boolean') return value;
    throw this.fault(at, 'true or false', value);
  }

  steps(at: string, value: unknown): readonly AdvisedStep[] {
    return this.#rising(at, value, (own, { strategy }) => ({
      strategy: this.#strategy(`${own}.strategy`, strategy),
    }));
  }

  decisions(at: string, value: unknown): readonly AdvisedProbing[] {
    return this.#rising(at, value, (own, { pays }) => ({
      pays: this.boolean(`${own}.pays`, pays),
    }));
  }

  /** At least one, by rising budget. */
  #rising<T>(
    at: string,
    value: unknown,
    read: (at: string, item: Fields) => T,
  ): readonly (T & { readonly from: number })[] {
    const steps = this.array(at, value).map((item, i) => {
      const step = this.object(`${at}[${i}]`, item);
      const from = this.number(`${at}[${i}].from`, step.from);
      return { from, ...read(`${at}[${i}]`, step) };
    });
    if (steps.length === 0) throw this.fault(at, 'at least one step', value);
    const fallen = steps.find(({ from }, i) => from <= (steps[i - 1]?.from ?? -Infinity));
    if (fallen !== undefined) throw this.fault(at, 'by rising `from`', fallen.from);
    return steps;
  }

  #strategy(at: string, value: unknown): Strategy {
    try {
      return checkStrategy(value);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw this.fault(at, `a strategy (${why})`, value, cause);
    }
  }
}
