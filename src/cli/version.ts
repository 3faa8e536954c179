// Versions of what runs: this package and the ONNX Runtime package beside it.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** Of espalier. */
export const version = versionOf('../../package.json');
/** Of onnxruntime-node, whose library the engine opens unless ESPALIER_ORT_LIBRARY names another. */
export const runtimePackageVersion = versionOf('onnxruntime-node/package.json');

function versionOf(manifest: string): string {
  return (require(manifest) as { readonly version: string }).version;
}
