// Typed, checked reading of untrusted JSON: manifests, config.json, safetensors headers.
// Every getter throws a ModelError that names the field by its path in the file.
import { type ModelErrorCode, valueFault } from './fault.js';

/** Largest size that any dimension of a model may have. */
const MAX_INTEGER = Number.MAX_SAFE_INTEGER;

/** One JSON object of a file, with the file's name for error messages. */
export class Fields {
  readonly #object: Readonly<Record<string, unknown>>;

  /**
   * @param value what the JSON holds at this place
   * @param where the place, e.g. `config.json` or `espalier.json: dimensions`
   * @param remedy what a user can do about a bad value
   * @throws ModelError unless `value` is an object
   */
  constructor(
    value: unknown,
    readonly where: string,
    readonly remedy: string,
    readonly code: ModelErrorCode = 'INVALID_MODEL',
  ) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw valueFault(code, where, 'a JSON object', value, remedy);
    }
    this.#object = value as Readonly<Record<string, unknown>>;
  }

  keys(): string[] {
    return Object.keys(this.#object);
  }

  /** The raw value; undefined when absent (own properties alone). */
  raw(key: string): unknown {
    return Object.hasOwn(this.#object, key) ? this.#object[key] : undefined;
  }

  /** Whether the key is there with a value other than null. */
  has(key: string): boolean {
    const value = this.raw(key);
    return value !== undefined && value !== null;
  }

  integer(key: string, min = 0, max = MAX_INTEGER): number {
    const value = this.raw(key);
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max) {
      return value;
    }
    const range = max === MAX_INTEGER ? `>= ${min}` : `from ${min} to ${max}`;
    throw this.fault(key, `an integer ${range}`);
  }

  /** A finite number above `above`. */
  number(key: string, above = Number.NEGATIVE_INFINITY): number {
    const value = this.raw(key);
    if (typeof value === 'number' && Number.isFinite(value) && value > above) return value;
    throw this.fault(
      key,
      above === Number.NEGATIVE_INFINITY ? 'a number' : `a number above ${above}`,
    );
  }

  string(key: string): string {
    const value = this.raw(key);
    if (typeof value === 'string' && value.length > 0) return value;
    throw this.fault(key, 'a non-empty string');
  }

  boolean(key: string): boolean {
    const value = this.raw(key);
    if (typeof value === 'boolean') return value;
    throw this.fault(key, 'true or false');
  }

  oneOf<T extends string | number>(key: string, choices: readonly T[]): T {
    const value = this.raw(key);
    const found = choices.find((choice) => choice === value);
    if (found !== undefined) return found;
    throw this.fault(key, choices.length === 1 ? `${choices[0]}` : `one of ${choices.join(', ')}`);
  }

  array(key: string): readonly unknown[] {
    const value = this.raw(key);
    if (Array.isArray(value)) return value;
    throw this.fault(key, 'an array');
  }

  /** An array of integers, each from `min` to `max`. */
  integers(key: string, min = 0, max = MAX_INTEGER): number[] {
    return this.array(key).map((value) => {
      if (
        typeof value === 'number' &&
        Number.isSafeInteger(value) &&
        value >= min &&
        value <= max
      ) {
        return value;
      }
      throw this.fault(key, `an array of integers from ${min} to ${max}`);
    });
  }

  object(key: string): Fields {
    return new Fields(this.raw(key), this.path(key), this.remedy, this.code);
  }

  path(key: string): string {
    return `${this.where}: ${key}`;
  }

  /** The error for a value that is not what it should be. */
  fault(key: string, expected: string) {
    return valueFault(this.code, this.path(key), expected, this.raw(key), this.remedy);
  }
}
