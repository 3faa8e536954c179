// The manifest of a model package, `espalier.json`: its type, its checks, its writing form.
// It is untrusted input: every field is checked here and nowhere else.
import { Fields } from './fields.js';

export const MANIFEST_FILE = 'espalier.json';
export const FORMAT_VERSION = 1;

export const MODEL_ROLES = ['policy', 'reward'] as const;
/** What a model does: writes steps, or scores them. */
export type ModelRole = (typeof MODEL_ROLES)[number];

export const PRECISIONS = ['int8', 'int4', 'fp32', 'fp16'] as const;
/** How the linears are stored and computed. */
export type Precision = (typeof PRECISIONS)[number];

export const PRM_FORMATS = [
  'math-shepherd',
  'rlhflow',
  'skywork',
  'qwen-prm',
  'step-head',
] as const;
/** How a question and its steps become the tokens and marker rows of a reward model. */
export type PrmFormat = (typeof PRM_FORMATS)[number];

/** Files below this size are hashed at every load, larger ones at import and download alone. */
export const HASHED_BELOW = 64 * 1024 * 1024;

/** The files that every package has. */
export const PACKAGE_FILES = [
  'model.onnx',
  'model.onnx.data',
  'tokenizer.json',
  'tokenizer_config.json',
] as const;

export interface ModelDimensions {
  readonly layers: number;
  readonly hidden: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly inner: number;
  /** Token ids lie in [0, vocabulary). */
  readonly vocabulary: number;
  /** Most positions that the model was made for. */
  readonly context: number;
}

/** Weights that every row is multiplied with: what FLOPs are counted from. */
export interface MatrixParameters {
  /** All layers' projections: applied to every token. */
  readonly body: number;
  /** The head: applied to output rows alone. */
  readonly head: number;
}

export interface PackageFile {
  readonly bytes: number;
  /** 64 lower-case hexadecimal digits. */
  readonly sha256: string;
}

export interface Manifest {
  readonly formatVersion: typeof FORMAT_VERSION;
  readonly name: string;
  readonly role: ModelRole;
  /** As Hugging Face's config.json names it, e.g. `LlamaForCausalLM`. */
  readonly architecture: string;
  readonly dimensions: ModelDimensions;
  readonly precision: Precision;
  /** All weights of the checkpoint, embeddings included; tied ones once. */
  readonly parameters: number;
  readonly matrixParameters: MatrixParameters;
  /** Columns of the head: the vocabulary for a policy, 1 or 2 for a reward model. */
  readonly headWidth: number;
  readonly specialTokens: { readonly bos: number | null; readonly eos: readonly number[] };
  readonly stepDelimiter: string;
  /** Null for a policy. */
  readonly prmFormat: PrmFormat | null;
  /** Tokens whose logits are the head's two columns, good and bad; of formats that have labels. */
  readonly labelTokens?: readonly [number, number];
  readonly source: string;
  readonly licence: string;
  readonly files: Readonly<Record<string, PackageFile>>;
}

const REMEDY = 'import or fetch the model again';
const PLAIN_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/;

/**
 * Checks a parsed `espalier.json`.
 * @throws ModelError INVALID_MODEL naming the field, or UNSUPPORTED_MODEL for another format version
 */
export function parseManifest(json: unknown, where: string = MANIFEST_FILE): Manifest {
  const fields = new Fields(json, where, REMEDY);
  new Fields(json, where, 'import the model again with this version', 'UNSUPPORTED_MODEL').oneOf(
    'formatVersion',
    [FORMAT_VERSION],
  );
  const dimensions = parseDimensions(fields.object('dimensions'));
  const role = fields.oneOf('role', MODEL_ROLES);
  return {
    formatVersion: FORMAT_VERSION,
    name: fields.string('name'),
    role,
    architecture: fields.string('architecture'),
    dimensions,
    precision: fields.oneOf('precision', PRECISIONS),
    parameters: fields.integer('parameters', 1),
    matrixParameters: parseMatrixParameters(fields.object('matrixParameters')),
    headWidth: parseHeadWidth(fields, role, dimensions.vocabulary),
    specialTokens: parseSpecialTokens(fields.object('specialTokens'), dimensions.vocabulary),
    stepDelimiter: fields.string('stepDelimiter'),
    prmFormat: parsePrmFormat(fields, role),
    ...(fields.has('labelTokens') && {
      labelTokens: parseLabelTokens(fields, dimensions.vocabulary),
    }),
    source: fields.string('source'),
    licence: fields.string('licence'),
    files: parseFiles(fields.object('files')),
  };
}

/** The bytes of `espalier.json`: fixed order of keys, two spaces, a final newline. */
export function formatManifest(manifest: Manifest): string {
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

function parseDimensions(fields: Fields): ModelDimensions {
  const kvHeads = fields.integer('kvHeads', 1, 65536);
  const heads = fields.integer('heads', kvHeads, 65536);
  if (heads % kvHeads !== 0) throw fields.fault('heads', `a multiple of kvHeads (${kvHeads})`);
  const headDim = fields.integer('headDim', 16, 256);
  if (headDim % 16 !== 0) throw fields.fault('headDim', 'a multiple of 16');
  return {
    layers: fields.integer('layers', 1, 65536),
    hidden: fields.integer('hidden', 1, 1 << 24),
    heads,
    kvHeads,
    headDim,
    inner: fields.integer('inner', 1, 1 << 24),
    vocabulary: fields.integer('vocabulary', 1, 1 << 24),
    context: fields.integer('context', 1, 1 << 30),
  };
}

function parseMatrixParameters(fields: Fields): MatrixParameters {
  return { body: fields.integer('body', 1), head: fields.integer('head', 1) };
}

function parseHeadWidth(fields: Fields, role: ModelRole, vocabulary: number): number {
  if (role === 'reward') return fields.integer('headWidth', 1, 2);
  return fields.integer('headWidth', vocabulary, vocabulary);
}

function parseSpecialTokens(fields: Fields, vocabulary: number): Manifest['specialTokens'] {
  const bos = fields.raw('bos') === null ? null : fields.integer('bos', 0, vocabulary - 1);
  return { bos, eos: fields.integers('eos', 0, vocabulary - 1) };
}

function parsePrmFormat(fields: Fields, role: ModelRole): PrmFormat | null {
  if (role === 'reward') return fields.oneOf('prmFormat', PRM_FORMATS);
  if (fields.raw('prmFormat') !== null) throw fields.fault('prmFormat', 'null for a policy');
  return null;
}

function parseLabelTokens(fields: Fields, vocabulary: number): readonly [number, number] {
  const [good, bad, ...more] = fields.integers('labelTokens', 0, vocabulary - 1);
  if (good !== undefined && bad !== undefined && more.length === 0) return [good, bad];
  throw fields.fault('labelTokens', 'two token ids');
}

function parseFiles(fields: Fields): Readonly<Record<string, PackageFile>> {
  const files: Record<string, PackageFile> = {};
  for (const name of new Set([...PACKAGE_FILES, ...fields.keys()])) {
    if (!PLAIN_NAME.test(name)) throw fields.fault(name, 'named by a plain file name');
    const entry = fields.object(name);
    const sha256 = entry.string('sha256');
    if (!/^[0-9a-f]{64}$/.test(sha256)) {
      throw entry.fault('sha256', '64 lower-case hexadecimal digits');
    }
    files[name] = { bytes: entry.integer('bytes'), sha256 };
  }
  return files;
}
