// What the tests of native/ort/ share: the runtime, a place for model files, and steps to run.
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include "onnx_writer.h"
#include "ort/session.h"

#if defined(__SANITIZE_ADDRESS__)
// ONNX Runtime keeps some bytes per process and per pool thread; what it allocates for us and we
// fail to release shows in the test of flat memory.
extern "C" const char* __lsan_default_suppressions() { return "leak:libonnxruntime"; }
#endif

namespace espalier::test {

#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool kIsSanitized = true;
#else
inline constexpr bool kIsSanitized = false;
#endif

// The library of onnxruntime-node, or the one that ESPALIER_ORT_LIBRARY names.
inline std::string LibraryPath() {
  if (const char* path = std::getenv("ESPALIER_ORT_LIBRARY")) return path;
  const std::string folder = "node_modules/onnxruntime-node/bin/napi-v6/";
#if defined(__APPLE__)
  return folder + "darwin/arm64/libonnxruntime.1.dylib";
#elif defined(__aarch64__)
  return folder + "linux/arm64/libonnxruntime.so.1";
#else
  return folder + "linux/x64/libonnxruntime.so.1";
#endif
}

// A file name in a directory of this process, which is removed at its end.
inline std::string TemporaryFile(const std::string& name) {
  struct Directory {
    std::filesystem::path path =
        std::filesystem::temp_directory_path() / ("espalier-ort-test-" + std::to_string(getpid()));
    Directory() { std::filesystem::create_directories(path); }
    ~Directory() { std::filesystem::remove_all(path); }
  };
  static const Directory directory;
  return (directory.path / name).string();
}

// The message of the std::runtime_error that `body` throws; empty if it throws none.
inline std::string MessageOf(const std::function<void()>& body) {
  try {
    body();
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "";
}

inline bool Contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// One step: the rows of a prefill of `ids` into slots from 0 on, reading the head at `output_rows`.
struct Step {
  std::vector<int64_t> ids;          // [T]
  std::vector<int32_t> positions;    // [T]
  std::vector<int32_t> slots;        // [T]
  std::vector<Span> spans;           // [S]
  std::vector<int64_t> output_rows;  // [R]

  static Step Prefill(const std::vector<int64_t>& ids) {
    Step step;
    const auto rows = static_cast<int32_t>(ids.size());
    step.ids = ids;
    step.positions.resize(ids.size());
    std::iota(step.positions.begin(), step.positions.end(), 0);
    step.slots = step.positions;
    step.spans = {{0, rows, 0, rows, 1}};
    step.output_rows.assign(step.positions.begin(), step.positions.end());
    return step;
  }

  ForwardInput input() const { return {ids, positions, slots, spans, output_rows}; }
};

}  // namespace espalier::test
