// Importing a checkpoint: a Hugging Face directory becomes a model package, whole or not at all.
import type { Precision } from './manifest.js';
import type { ModelPackage, ModelRole } from './package.js';

export interface ImportOptions {
  /**
   * What the model does. A checkpoint whose architecture says otherwise is refused.
   * @default what the architecture says
   */
  readonly role?: ModelRole;
  /** @default 'int8' */
  readonly precision?: Precision;
  /** @default the destination's last path component */
  readonly name?: string;
  /** @default what the checkpoint's README says, or 'unknown' */
  readonly licence?: string;
  /** Where the checkpoint comes from. @default the source's last path component */
  readonly source?: string;
  /** Text that ends a step. @default "\n\n" */
  readonly stepDelimiter?: string;
  /** Replace a package that is already at the destination. @default false */
  readonly overwrite?: boolean;
  readonly signal?: AbortSignal;
  /** Called after each tensor. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** Imports a checkpoint. */
export declare function importModel(
  source: string,
  destination: string,
  options?: ImportOptions,
): Promise<ModelPackage>;
