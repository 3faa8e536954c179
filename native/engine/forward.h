// What the engine needs of a model: one forward pass over a packed step. native/ort/ implements it
// with ONNX Runtime; the tests implement it with exact integers.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/span.h"

namespace espalier {

// The inputs of one step. Rows are in depth-first order of the token tree (DESIGN §4.3).
struct ForwardInput {
  std::span<const int64_t> input_ids;    // [T]
  std::span<const int32_t> positions;    // [T]
  std::span<const int32_t> slots;        // [T]
  std::span<const Span> spans;           // [S]
  std::span<const int64_t> output_rows;  // [R], ascending; may be empty
};

// Head outputs of one step, valid until the next Run.
struct ForwardOutput {
  const float* logits = nullptr;       // [R, head_width]
  const float* logit_scale = nullptr;  // [R], or null: 1
};

class Forward {
 public:
  virtual ~Forward() = default;
  // Blocks. Writes K and V of every row into its slot. Throws std::runtime_error; after that the
  // slots of the step hold garbage and nothing else changed.
  virtual ForwardOutput Run(const ForwardInput& input) = 0;
  virtual int head_width() const = 0;
};

}  // namespace espalier
