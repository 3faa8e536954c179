// The residual stream between two linears of an int8 graph: add the scaled product, take the RMS
// norm (its weight is folded into the next linear), quantise. A row's result depends on it alone.
#pragma once

#include <cstddef>
#include <cstdint>

#include "parallel.h"
#include "span.h"

namespace espalier {

// next = residual + delta * delta_scale (delta_scale null: 1; delta null: next = residual), then
// quantised rows of next / sqrt(mean(next^2) + norm_epsilon) (see quantize.h).
struct AddNormQuantizeArgs {
  int32_t rows = 0;    // T, 0 is fine
  int32_t hidden = 0;  // H, a multiple of 16

  const float* residual = nullptr;     // [T, H]
  const float* delta = nullptr;        // [T, H], optional
  const float* delta_scale = nullptr;  // [T], optional, only with delta
  float norm_epsilon = 1e-6f;

  float* next = nullptr;         // [T, H]; may be `residual` itself
  uint8_t* quantized = nullptr;  // [T, H]
  float* out_scale = nullptr;    // [T]
};

[[nodiscard]] InputError CheckAddNormQuantize(const AddNormQuantizeArgs& args) noexcept;

// Needs no scratch memory.
void AddNormQuantize(const AddNormQuantizeArgs& args, const ParallelFor& parallel) noexcept;

}  // namespace espalier
