// The four error classes of espalier and the one message template that all of them speak.
// Every error carries a stable `code`; facts that a program may want are fields, not prose.

/** What went wrong, stable across versions. */
export type ErrorCode =
  | 'INVALID_OPTION'
  | 'UNKNOWN_OPTION'
  | 'MISSING_MODEL'
  | 'INVALID_MODEL'
  | 'UNSUPPORTED_MODEL'
  | 'WRONG_ROLE'
  | 'HASH_MISMATCH'
  | 'INVALID_FILE'
  | 'WRITE_FAILED'
  | 'ACCESS_DENIED'
  | 'DOWNLOAD_FAILED'
  | 'ENGINE_FAILED'
  | 'ENGINE_UNAVAILABLE'
  | 'POOL_TOO_SMALL'
  | 'POOL_EXHAUSTED'
  | 'ABORTED'
  | 'DISPOSED';

/** An option, argument or input that the caller can correct. */
export class OptionError extends TypeError {
  override readonly name = 'OptionError';
  constructor(
    message: string,
    readonly code: Extract<ErrorCode, 'INVALID_OPTION' | 'UNKNOWN_OPTION'> = 'INVALID_OPTION',
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** A model package, checkpoint or data file that is missing, damaged or not what was asked for. */
export class ModelError extends Error {
  override readonly name = 'ModelError';
  constructor(
    message: string,
    readonly code: Extract<
      ErrorCode,
      | 'MISSING_MODEL'
      | 'INVALID_MODEL'
      | 'UNSUPPORTED_MODEL'
      | 'WRONG_ROLE'
      | 'HASH_MISMATCH'
      | 'INVALID_FILE'
      | 'WRITE_FAILED'
      | 'ACCESS_DENIED'
      | 'DOWNLOAD_FAILED'
    >,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The native engine could not do what was asked; the engine itself lives on. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
  constructor(
    message: string,
    readonly code: Extract<
      ErrorCode,
      'ENGINE_FAILED' | 'ENGINE_UNAVAILABLE' | 'POOL_TOO_SMALL' | 'POOL_EXHAUSTED' | 'ABORTED'
    > = 'ENGINE_FAILED',
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Use of a policy, reward model or engine after `dispose()`. */
export class DisposedError extends Error {
  override readonly name = 'DisposedError';
  readonly code = 'DISPOSED';
  constructor(what: string) {
    super(`Expected \`${what}\` to be open, got one that was disposed`);
  }
}

/** The one template: `` Expected `width` to be an integer >= 1, got 0 (number) ``. */
export function expectedMessage(name: string, expected: string, actual: unknown): string {
  return `Expected \`${name}\` to be ${expected}, got ${describe(actual)}`;
}

/** An OptionError in the one template. */
export function invalidOption(name: string, expected: string, actual: unknown): OptionError {
  return new OptionError(expectedMessage(name, expected, actual));
}

/** Refuses keys that are not known, naming the nearest known one. */
export function refuseUnknownKeys(
  what: string,
  given: Readonly<Record<string, unknown>>,
  known: readonly string[],
): void {
  for (const key of Object.keys(given)) {
    if (known.includes(key)) continue;
    throw new OptionError(unknownMessage(what, key, known), 'UNKNOWN_OPTION');
  }
}

/** `` Expected `strategy` to be one of beam, dvts, got "bem" (string); did you mean "beam"? `` */
export function unknownMessage(what: string, given: string, known: readonly string[]): string {
  const near = nearest(given, known);
  const hint = near === undefined ? '' : `; did you mean \`${near}\`?`;
  return `${expectedMessage(what, `one of ${known.join(', ')}`, given)}${hint}`;
}

/** The known name at the smallest edit distance, if it is near enough to be a slip. */
export function nearest(given: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(given.length / 3)) + 1;
  for (const name of known) {
    const distance = editDistance(given.toLowerCase(), name.toLowerCase());
    if (distance < bestDistance) {
      best = name;
      bestDistance = distance;
    }
  }
  return best;
}

function describe(value: unknown): string {
  if (value === null) return 'null';
  if (value === undefined) return 'undefined';
  if (typeof value === 'string') return `${JSON.stringify(clip(value))} (string)`;
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') {
    return `${String(value)} (${typeof value})`;
  }
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === 'object') return `an object (${value.constructor?.name ?? 'no prototype'})`;
  return `a ${typeof value}`;
}

function clip(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 77)}...`;
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(substitution, (previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}
