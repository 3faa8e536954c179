// A model made of exact integers: a row's logits are a hash of the tokens that it really sees, so
// any wrong slot, span, position or order shows. The naive twin samples one path alone.
#pragma once

#include <cstdint>
#include <span>
#include <stdexcept>
#include <vector>

#include "engine/forward.h"
#include "engine/philox.h"
#include "engine/request.h"

namespace espalier::test {

inline uint64_t Mix(uint64_t x) {
  x += 0x9E3779B97F4A7C15;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
  return x ^ (x >> 31);
}

inline uint64_t HashPath(std::span<const int32_t> tokens) {
  uint64_t hash = 1;
  for (const int32_t token : tokens) hash = Mix(hash ^ static_cast<uint64_t>(token));
  return hash;
}

// Logits of `width` ids after a path.
inline std::vector<float> LogitsAfter(std::span<const int32_t> path, int width) {
  const uint64_t hash = HashPath(path);
  std::vector<float> logits(width);
  for (int v = 0; v < width; ++v) logits[v] = static_cast<float>(Mix(hash ^ v) % 4096) / 512.0f;
  return logits;
}

class FakeForward : public Forward {
 public:
  FakeForward(int pages, int width) : slots_(pages * kPageSlots, kEmpty), width_(width) {}

  ForwardOutput Run(const ForwardInput& input) override {
    ++runs;
    if (fails_next) {
      fails_next = false;
      throw std::runtime_error("the fake fails");
    }
    const auto rows = static_cast<int32_t>(input.input_ids.size());
    most_rows = std::max(most_rows, rows);
    for (int32_t t = 0; t < rows; ++t) {
      slots_.at(input.slots[t]) = static_cast<int32_t>(input.input_ids[t]);
    }
    logits_.clear();
    for (const int64_t row : input.output_rows) {
      const auto path = PathOf(input, static_cast<int32_t>(row));
      const auto logits = LogitsAfter(path, width_);
      logits_.insert(logits_.end(), logits.begin(), logits.end());
    }
    for (int32_t t = 0; t < rows; ++t) CheckRow(input, t);
    return {logits_.data(), nullptr};
  }

  int head_width() const override { return width_; }

  bool fails_next = false;
  int64_t runs = 0;
  int32_t most_rows = 0;

 private:
  static constexpr int32_t kEmpty = -1;

  std::vector<int32_t> PathOf(const ForwardInput& input, int32_t row) const {
    std::vector<int32_t> path;
    for (const Span& span : input.spans) {
      if (row < span.row_begin || row >= span.row_end) continue;
      const int32_t seen = span.causal ? row - span.row_begin + 1 : span.kv_length;
      for (int32_t i = 0; i < seen; ++i) path.push_back(slots_.at(span.kv_start + i));
    }
    return path;
  }

  // A row sees as many keys as its position says, itself last, and none that was never written.
  void CheckRow(const ForwardInput& input, int32_t row) const {
    const auto path = PathOf(input, row);
    const bool is_whole = static_cast<int32_t>(path.size()) == input.positions[row] + 1;
    if (!is_whole || path.back() != input.input_ids[row])
      throw std::logic_error("a row sees wrong");
    for (const int32_t token : path) {
      if (token == kEmpty) throw std::logic_error("a row sees an empty slot");
    }
  }

  std::vector<int32_t> slots_;
  std::vector<float> logits_;
  int width_;
};

// One sampled path, computed alone.
inline std::vector<int32_t> SampleAlone(std::vector<int32_t> path, const SampleRequest& request,
                                        const SampleRequest::Child& child, int width,
                                        const Vocabulary& vocabulary, int32_t context) {
  std::vector<int32_t> tokens;
  StopMatcher matcher(request.stops);
  Sampler sampler;
  for (;;) {
    const auto logits = LogitsAfter(path, width);
    sampler.Prepare(logits, 1, request.sampling);
    const auto index = static_cast<uint32_t>(tokens.size());
    const int32_t token = sampler.Draw(UniformAt(request.stream_key, child.path_key, index));
    tokens.push_back(token);
    path.push_back(token);
    if (vocabulary.IsEnd(token)) return tokens;
    if (matcher.Feed(vocabulary.BytesOf(token)) != StopMatcher::Found::kNone) return tokens;
    if (static_cast<int32_t>(tokens.size()) >= child.max_tokens) return tokens;
    if (static_cast<int32_t>(path.size()) >= context) return tokens;
  }
}

}  // namespace espalier::test
