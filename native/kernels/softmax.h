// The weights of a row of logits, for the sampler: exponentials, their sums, and the maximum.
// Bit-identical on every instruction set that has fused multiply-add.
#pragma once

#include <cstdint>

namespace espalier {

// Weights are summed in blocks of this many ids.
inline constexpr int32_t kSoftmaxBlock = 256;

struct SoftmaxArgs {
  const float* logits = nullptr;  // [count]
  int32_t count = 0;
  float scale = 1;    // multiplies the logits
  float maximum = 0;  // of the scaled logits; finite
  float inverse_temperature = 1;
  float* weights = nullptr;      // [count], out: exp((logit - maximum) * inverse_temperature)
  double* block_sums = nullptr;  // [ceil(count / kSoftmaxBlock)], out: sums of weights
};

// Fills weights and block_sums. Returns the sum of exp(logit - maximum), at temperature 1.
[[nodiscard]] double Softmax(const SoftmaxArgs& args) noexcept;

// The largest of logits [count] times scale; NaN if there is any. scale > 0.
[[nodiscard]] float MaximumLogit(const float* logits, int32_t count, float scale) noexcept;

}  // namespace espalier
