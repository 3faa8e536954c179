// The options of an import: what they mean, and that they are what they should be.
import { invalidOption, refuseUnknownKeys } from '../errors.js';
import {
  MODEL_ROLES,
  type ModelRole,
  PRECISIONS,
  PRM_FORMATS,
  type Precision,
  type PrmFormat,
} from './manifest.js';

export interface ImportOptions {
  /**
   * What the model does. A checkpoint whose architecture says otherwise is refused.
   * @default what the architecture, the format or the model's name says
   */
  readonly role?: ModelRole;
  /**
   * How a reward model reads questions and steps.
   * @default what the architecture or the model's name says
   * @example 'math-shepherd'
   */
  readonly format?: PrmFormat;
  /**
   * How the linears are stored and computed. `int8`: for searches. `int4`: for little memory and few
   * branches; a GGUF's own blocks are kept as they are, floats are rounded, and a row's last bits may
   * depend on its batch. `fp32`: to compare with. `fp16`: meant for GPUs, and not tried on one yet; a
   * CPU widens it to fp32 when it loads.
   * @default 'int8'
   */
  readonly precision?: Precision;
  /**
   * The package's name.
   * @default the destination's last path component
   */
  readonly name?: string;
  /**
   * The model's licence.
   * @default what the checkpoint's README.md says, or 'unknown'
   */
  readonly licence?: string;
  /**
   * Where the checkpoint comes from.
   * @default the source's last path component
   */
  readonly source?: string;
  /**
   * Text that ends a step.
   * @default "\n\n"
   */
  readonly stepDelimiter?: string;
  /**
   * Replace a package that is already at the destination.
   * @default false
   */
  readonly overwrite?: boolean;
  /** Stops the import; nothing is left behind. */
  readonly signal?: AbortSignal;
  /** Called after each matrix. */
  readonly onProgress?: (done: number, total: number) => void;
  /**
   * Fold rotations into the weights. int8 is always rotated; fp32 only to prove that nothing changes.
   * @default precision is 'int8'
   * @internal
   */
  readonly rotate?: boolean;
}

export const IMPORT_OPTION_NAMES: readonly (keyof ImportOptions)[] = [
  'role',
  'format',
  'precision',
  'name',
  'licence',
  'source',
  'stepDelimiter',
  'overwrite',
  'signal',
  'onProgress',
  'rotate',
];

/** @throws OptionError */
export function checkImportOptions(
  source: unknown,
  destination: unknown,
  options: ImportOptions,
): void {
  for (const [name, value] of Object.entries({ source, destination })) {
    if (typeof value !== 'string' || value === '') throw invalidOption(name, 'a path', value);
  }
  if (typeof options !== 'object' || options === null) {
    throw invalidOption('importModel options', 'an object', options);
  }
  refuseUnknownKeys('an option of importModel', { ...options }, IMPORT_OPTION_NAMES);
  const { role, format, precision } = options;
  if (role !== undefined && !MODEL_ROLES.includes(role)) {
    throw invalidOption('role', `one of ${MODEL_ROLES.join(', ')}`, role);
  }
  if (format !== undefined && !PRM_FORMATS.includes(format)) {
    throw invalidOption('format', `one of ${PRM_FORMATS.join(', ')}`, format);
  }
  if (precision !== undefined && !PRECISIONS.includes(precision)) {
    throw invalidOption('precision', `one of ${PRECISIONS.join(', ')}`, precision);
  }
  for (const name of ['name', 'licence', 'source', 'stepDelimiter'] as const) {
    const value: unknown = options[name];
    if (value !== undefined && (typeof value !== 'string' || value === '')) {
      throw invalidOption(name, 'a non-empty string', value);
    }
  }
  const mustRotate = (precision ?? 'int8') === 'int8';
  if (precision !== 'fp32' && (options.rotate ?? mustRotate) !== mustRotate) {
    throw invalidOption('rotate', `${mustRotate} for ${precision ?? 'int8'}`, options.rotate);
  }
}
