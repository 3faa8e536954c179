// Where ONNX Runtime's headers lie: in the package if it was published with them (vendor.mjs), else
// in the development dependency that carries them. binding.gyp runs this file and reads its output.
const { existsSync } = require('node:fs');
const { dirname, join } = require('node:path');

const VENDORED = join(__dirname, '..', 'vendor', 'onnxruntime');
const PACKAGE = 'com.github.asus4.onnxruntime';
const INSIDE = 'Plugins/iOS~/onnxruntime.xcframework/ios-arm64/onnxruntime.framework/Headers';

/** Directory of the package that carries the headers and their licence. */
function packageDirectory() {
  return dirname(require.resolve(`${PACKAGE}/package.json`));
}

/** Directory that holds onnxruntime_cxx_api.h. Throws if there is none. */
function headerDirectory() {
  if (existsSync(join(VENDORED, 'onnxruntime_cxx_api.h'))) return VENDORED;
  const directory = join(packageDirectory(), INSIDE);
  if (!existsSync(join(directory, 'onnxruntime_cxx_api.h'))) {
    throw new Error(`Expected ONNX Runtime's headers in ${directory}, got none; run npm ci`);
  }
  return directory;
}

module.exports = { VENDORED, headerDirectory, packageDirectory };

if (require.main === module) process.stdout.write(headerDirectory());
