// Importing a checkpoint: a Hugging Face directory or a GGUF file becomes a model package, whole or
// not at all.
import { stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { Checkpoint } from './checkpoint.js';
import { checkDestination, WholeFile, writeWhole } from './destination.js';
import { modelFault } from './fault.js';
import { matrixCount, writeGraph } from './graph.js';
import { type Head, headMatrixWeights, headWidth } from './head.js';
import { checkImportOptions, type ImportOptions } from './import-options.js';
import {
  FORMAT_VERSION,
  formatManifest,
  MANIFEST_FILE,
  type Manifest,
  type MatrixParameters,
  type ModelDimensions,
  type ModelRole,
  type PackageFile,
  type Precision,
} from './manifest.js';
import { OnnxWriter } from './onnx-writer.js';
import { type ModelPackage, openPackage } from './package.js';
import { readSource, type SourceModel } from './source.js';
import { Weights } from './weights.js';

/**
 * Imports a checkpoint. The same checkpoint and options always give the same bytes.
 * @param source a Hugging Face directory: config.json, model.safetensors (or shards and their index),
 *   tokenizer.json, tokenizer_config.json; or a GGUF file
 * @param destination the package's directory, made here
 * @throws OptionError; ModelError MISSING_MODEL, INVALID_MODEL, INVALID_FILE, UNSUPPORTED_MODEL,
 *   WRONG_ROLE, WRITE_FAILED; the signal's reason
 * @example
 * await importModel('checkpoints/Llama-3.2-1B-Instruct', 'models/llama-3.2-1b');
 */
export async function importModel(
  source: string,
  destination: string,
  options: ImportOptions = {},
): Promise<ModelPackage> {
  const model = await checkImport(source, destination, options);
  const precision = options.precision ?? 'int8';
  const checkpoint = await Checkpoint.open(source);
  try {
    const { architecture, backbone, head } = model;
    const rotated = options.rotate ?? precision === 'int8';
    const weights = new Weights(checkpoint, architecture, backbone, head, rotated);
    const parameters = weights.check();
    await writeWhole(destination, async (directory) => {
      const files = await writeFiles(directory, model, weights, { ...options, precision });
      const manifest = describe(model, parameters, files, {
        source,
        destination,
        precision,
        options,
      });
      await WholeFile.write(join(directory, MANIFEST_FILE), formatManifest(manifest));
    });
  } finally {
    await checkpoint.close();
  }
  return openPackage(resolve(destination));
}

/**
 * All checks that need no tensor, so that a checkpoint may be refused before its weights are there.
 * @throws as `importModel`
 */
export async function checkImport(
  source: string,
  destination: string,
  options: ImportOptions,
): Promise<SourceModel> {
  checkImportOptions(source, destination, options);
  options.signal?.throwIfAborted();
  await checkSource(source);
  const { role, format } = options;
  const model = await readSource(source, { role, format, name: options.source });
  await checkDestination(destination, options.overwrite === true);
  return model;
}

async function writeFiles(
  directory: string,
  model: SourceModel,
  weights: Weights,
  options: ImportOptions & { readonly precision: Precision },
): Promise<Record<string, PackageFile>> {
  const total = matrixCount(model.backbone.dimensions.layers, model.head);
  let done = 0;
  const onMatrix = () => {
    options.signal?.throwIfAborted();
    options.onProgress?.(++done, total);
  };
  const data = await WholeFile.create(join(directory, 'model.onnx.data'));
  try {
    const writer = new OnnxWriter(data, 'model.onnx.data');
    const role = roleOf(model);
    await writeGraph(writer, weights, { role, precision: options.precision, onMatrix });
    const graph = writer.finish(model.architectureName, 'espalier');
    return {
      'model.onnx': await WholeFile.write(join(directory, 'model.onnx'), graph),
      'model.onnx.data': await data.finish(),
      'tokenizer.json': await WholeFile.write(
        join(directory, 'tokenizer.json'),
        model.tokenizerJson,
      ),
      'tokenizer_config.json': await WholeFile.write(
        join(directory, 'tokenizer_config.json'),
        model.tokenizerConfigJson,
      ),
    };
  } finally {
    await data.close();
  }
}

function describe(
  model: SourceModel,
  parameters: number,
  files: Readonly<Record<string, PackageFile>>,
  given: {
    readonly source: string;
    readonly destination: string;
    readonly precision: Precision;
    readonly options: ImportOptions;
  },
): Manifest {
  const { options } = given;
  return {
    formatVersion: FORMAT_VERSION,
    name: options.name ?? basename(resolve(given.destination)),
    role: roleOf(model),
    architecture: model.architectureName,
    dimensions: model.backbone.dimensions,
    precision: given.precision,
    parameters,
    matrixParameters: matrixParameters(model.backbone.dimensions, model.head),
    headWidth: headWidth(model.head),
    specialTokens: model.specialTokens,
    stepDelimiter: options.stepDelimiter ?? '\n\n',
    prmFormat: model.prmFormat,
    ...(model.labelTokens && { labelTokens: model.labelTokens }),
    source: options.source ?? basename(resolve(given.source)),
    licence: options.licence ?? model.licence,
    files,
  };
}

function matrixParameters(dimensions: ModelDimensions, head: Head): MatrixParameters {
  const { layers, hidden, heads, kvHeads, headDim, inner } = dimensions;
  const attention = hidden * (heads + 2 * kvHeads) * headDim + heads * headDim * hidden;
  return { body: layers * (attention + 3 * hidden * inner), head: headMatrixWeights(head) };
}

async function checkSource(source: string): Promise<void> {
  const isThere = await stat(source).then(
    (found) => found.isDirectory() || found.isFile(),
    () => false,
  );
  if (isThere) return;
  throw modelFault(
    'MISSING_MODEL',
    source,
    "a checkpoint's directory or a GGUF file",
    'neither',
    'check the path',
  );
}

function roleOf({ prmFormat }: SourceModel): ModelRole {
  return prmFormat === null ? 'policy' : 'reward';
}
