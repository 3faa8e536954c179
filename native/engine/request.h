// What is asked of a model and what comes back: the vocabulary between native/js and the engine.
// Values are validated by JavaScript; what only the engine can know is answered by a completion.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/sampler.h"
#include "engine/stop_matcher.h"

namespace espalier {

// Facts about a model that the scheduler needs.
struct ModelLimits {
  int32_t pages = 0;    // of the KV pool
  int32_t context = 0;  // longest path in tokens
  int32_t chunk = 512;  // most rows of a step that fill known tokens
};

// Bytes of every token and the ids that end a text.
struct Vocabulary {
  std::string bytes;              // concatenated
  std::vector<uint32_t> offsets;  // [V + 1]; token i is [offsets[i], offsets[i + 1])
  std::vector<int32_t> end_tokens;

  std::string_view BytesOf(int32_t token) const {
    return std::string_view(bytes).substr(offsets[token], offsets[token + 1] - offsets[token]);
  }
  bool IsEnd(int32_t token) const {
    for (const int32_t end : end_tokens) {
      if (end == token) return true;
    }
    return false;
  }
};

struct ExtendRequest {
  int32_t request = 0;
  int64_t parent = 0;
  std::vector<int32_t> tokens;   // not empty
  std::vector<int32_t> read_at;  // ascending indices into tokens
};

struct SampleRequest {
  struct Child {
    int32_t request;
    uint64_t path_key;
    int32_t max_tokens;
  };
  int64_t parent = 0;
  std::vector<Child> children;
  uint64_t stream_key = 0;
  SamplingOptions sampling;
  std::shared_ptr<const StopStrings> stops;
};

enum class Finish : int32_t { kEnd, kDelimiter, kStop, kLength };

// Codes of src/errors.ts.
struct Failure {
  std::string code;
  std::string message;
};

struct ModelStats {
  int32_t pages = 0, pages_used = 0, nodes = 0;
  int64_t steps = 0, prefilled = 0, decoded = 0;
  double run_seconds = 0, engine_seconds = 0;
};

// One finished request. Which fields mean something depends on what was asked.
struct Completion {
  int32_t request = 0;
  std::optional<Failure> failure;
  int32_t model = -1;
  int64_t node = 0;          // owned by the receiver
  std::vector<float> heads;  // [read_at.size(), head_width]
  int32_t computed = 0;      // tokens run for this request
  std::vector<int32_t> tokens;
  std::vector<float> log_probabilities;
  Finish finish = Finish::kEnd;
  std::optional<ModelStats> stats;
};

}  // namespace espalier
