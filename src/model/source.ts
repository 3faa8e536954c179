// The small files of a checkpoint: config.json, generation_config.json, the tokenizer's two, the chat
// template and the README's licence, or what a GGUF file has of them. Reads and checks; writes nothing.
import { readFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { createTokenizer } from '../text/model-tokenizer.js';
import { tokenText } from '../text/special-tokens.js';
import { type Architecture, architectureOf, type Backbone } from './architectures.js';
import { modelFault, systemCode } from './fault.js';
import { Fields } from './fields.js';
import { isGguf } from './gguf-file.js';
import { readGgufSource } from './gguf-source.js';
import { type Head, languageHead } from './head.js';
import type { Manifest, ModelRole, PrmFormat } from './manifest.js';
import { prmFormatOf, rewardHead } from './prm-format.js';
import { checkPrmTokenizer, type LabelTokens, labelTokens } from './prm-tokens.js';

/** A checkpoint but for its tensors. */
export interface SourceModel {
  readonly architectureName: string;
  readonly architecture: Architecture;
  readonly backbone: Backbone;
  readonly head: Head;
  /** Null for a policy. */
  readonly prmFormat: PrmFormat | null;
  /** Of formats that have labels. */
  readonly labelTokens: LabelTokens | undefined;
  readonly specialTokens: Manifest['specialTokens'];
  readonly licence: string;
  /** As the package will hold them; the chat template is inside the config. */
  readonly tokenizerJson: string;
  readonly tokenizerConfigJson: string;
}

const REMEDY = 'check that the checkpoint is complete';

/** The small files of a checkpoint, wherever they come from. */
export interface SourceFiles {
  readonly config: Fields;
  readonly generation: Fields;
  readonly tokenizer: SourceText;
  /** Its chat template is inside. */
  readonly tokenizerConfig: SourceText;
  readonly licence: string;
  /** What every rotary frequency is divided by; [headDim / 2]. */
  readonly ropeFactors: Float32Array | undefined;
}

interface SourceText {
  /** For errors. */
  readonly path: string;
  readonly text: string;
}

/** What the importer was told of a checkpoint. */
export interface SourceHints {
  readonly role?: ModelRole | undefined;
  readonly format?: PrmFormat | undefined;
  /** Where it comes from, e.g. its id on a hub. */
  readonly name?: string | undefined;
}

/**
 * @param source a Hugging Face directory or a GGUF file
 * @throws OptionError for a format of a policy; ModelError MISSING_MODEL, INVALID_MODEL, INVALID_FILE,
 *   UNSUPPORTED_MODEL or WRONG_ROLE
 */
export async function readSource(source: string, hints: SourceHints = {}): Promise<SourceModel> {
  const files = (await isGguf(source)) ? await readGgufSource(source) : await readDirectory(source);
  const { config, tokenizer, tokenizerConfig } = files;
  const { name, architecture } = architectureOf(config);
  const backbone = withRopeFactors(architecture.backbone(config), files.ropeFactors, source);
  const { vocabulary } = backbone.dimensions;
  const tokens = tokenIds(parse(tokenizer.text, tokenizer.path), vocabulary);
  const special = specialTokens(
    [config, files.generation],
    parse(tokenizerConfig.text, tokenizerConfig.path),
    tokens,
    vocabulary,
  );
  const prmFormat = prmFormatOf({
    source,
    architectureName: name,
    names: [hints.name, basename(resolve(source)), config.raw('_name_or_path')].filter(isText),
    role: hints.role,
    format: hints.format,
  });
  const labels = prmFormat === null ? undefined : checkedLabels(prmFormat, files, special.bos);
  return {
    architectureName: name,
    architecture,
    backbone,
    head:
      prmFormat === null
        ? languageHead(config, backbone.dimensions, architecture.tensors)
        : rewardHead(prmFormat, config, backbone.dimensions, architecture, labels),
    prmFormat,
    labelTokens: labels,
    specialTokens: special,
    licence: files.licence,
    tokenizerJson: tokenizer.text,
    tokenizerConfigJson: tokenizerConfig.text,
  };
}

/** A reward model's labels, if it has any, after checking its tokenizer. @throws ModelError */
function checkedLabels(
  format: PrmFormat,
  { tokenizer, tokenizerConfig }: SourceFiles,
  bos: number | null,
): LabelTokens | undefined {
  const own = createTokenizer(
    JSON.parse(tokenizer.text),
    JSON.parse(tokenizerConfig.text),
    dirname(tokenizer.path),
  );
  checkPrmTokenizer(format, own, bos);
  return labelTokens(format, own);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

async function readDirectory(directory: string): Promise<SourceFiles> {
  const tokenizerPath = join(directory, 'tokenizer.json');
  const configPath = join(directory, 'tokenizer_config.json');
  const template = await readText(join(directory, 'chat_template.jinja'), true);
  return {
    config: await readFields(join(directory, 'config.json')),
    generation: await readFields(join(directory, 'generation_config.json'), true),
    tokenizer: { path: tokenizerPath, text: await readText(tokenizerPath) },
    tokenizerConfig: {
      path: configPath,
      text: withTemplate(await readText(configPath), configPath, template),
    },
    licence: licenceOf(await readText(join(directory, 'README.md'), true)),
    ropeFactors: undefined,
  };
}

function withRopeFactors(
  backbone: Backbone,
  factors: Float32Array | undefined,
  source: string,
): Backbone {
  if (factors === undefined) return backbone;
  const { inverseFrequencies } = backbone;
  if (factors.length !== inverseFrequencies.length || !factors.every((factor) => factor > 0)) {
    const expected = `${inverseFrequencies.length} rotary factors above 0`;
    throw modelFault('INVALID_MODEL', source, expected, `${factors.length} numbers`, REMEDY);
  }
  return {
    ...backbone,
    inverseFrequencies: inverseFrequencies.map((value, i) => value / (factors[i] as number)),
  };
}

/** BOS, and everything that any of the files says ends a text: chat models often name two. */
function specialTokens(
  configs: readonly Fields[],
  tokenizerConfig: Fields,
  tokens: ReadonlyMap<string, number>,
  vocabulary: number,
): Manifest['specialTokens'] {
  const named = (key: string): number[] => {
    const text = tokenText(tokenizerConfig.raw(key));
    const id = text === undefined ? undefined : tokens.get(text);
    return id === undefined ? [] : [id];
  };
  const listed = (config: Fields, key: string): number[] => {
    if (!config.has(key)) return [];
    if (Array.isArray(config.raw(key))) return config.integers(key, 0, vocabulary - 1);
    return [config.integer(key, 0, vocabulary - 1)];
  };
  const bos = [...named('bos_token'), ...configs.flatMap((each) => listed(each, 'bos_token_id'))];
  const eos = [...configs.flatMap((each) => listed(each, 'eos_token_id')), ...named('eos_token')];
  return { bos: bos[0] ?? null, eos: [...new Set(eos)].sort((a, b) => a - b) };
}

/**
 * Texts of a tokenizer with their ids.
 * @throws ModelError INVALID_MODEL if an id lies outside the model's vocabulary
 */
function tokenIds(tokenizer: Fields, vocabulary: number): ReadonlyMap<string, number> {
  const ids = new Map<string, number>();
  const model = tokenizer.object('model');
  if (Array.isArray(model.raw('vocab'))) {
    model.array('vocab').forEach((entry, id) => {
      if (Array.isArray(entry)) ids.set(String(entry[0]), id);
    });
  } else {
    const vocab = model.object('vocab');
    for (const text of vocab.keys()) ids.set(text, vocab.integer(text));
  }
  for (const entry of tokenizer.has('added_tokens') ? tokenizer.array('added_tokens') : []) {
    const token = new Fields(entry, tokenizer.path('added_tokens'), REMEDY);
    ids.set(String(token.raw('content')), token.integer('id'));
  }
  for (const [text, id] of ids) {
    if (id < vocabulary) continue;
    throw modelFault(
      'INVALID_MODEL',
      tokenizer.where,
      `a tokenizer whose ids are below vocab_size (${vocabulary})`,
      `${id} for ${JSON.stringify(text)}`,
      'take config.json and tokenizer.json from the same checkpoint',
    );
  }
  return ids;
}

/** The file as it is, or with a template that lies beside it put inside. */
function withTemplate(text: string, path: string, template: string): string {
  const config = parse(text, path);
  if (template === '' || config.has('chat_template')) return text;
  const object = JSON.parse(text) as object;
  return `${JSON.stringify({ ...object, chat_template: template }, null, 2)}\n`;
}

/** `license:` in the YAML head of a Hugging Face README. */
function licenceOf(readme: string): string {
  const head = /^---\r?\n([\s\S]*?)\r?\n---/.exec(readme)?.[1] ?? '';
  return /^license:[ \t]*["']?([^\s"']+)/m.exec(head)?.[1] ?? 'unknown';
}

async function readFields(path: string, optional = false): Promise<Fields> {
  const text = await readText(path, optional);
  return text === '' && optional ? new Fields({}, path, REMEDY) : parse(text, path);
}

function parse(text: string, path: string): Fields {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw modelFault('INVALID_MODEL', path, 'a JSON document', String(error), REMEDY, error);
  }
  return new Fields(json, path, REMEDY);
}

/** The text of a file; an optional one that is not there is empty. */
async function readText(path: string, optional = false): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const isMissing = systemCode(error) === 'ENOENT';
    if (optional && isMissing) return '';
    const found = isMissing ? 'no such file' : String(error);
    throw modelFault('MISSING_MODEL', path, 'a readable file', found, REMEDY, error);
  }
}
