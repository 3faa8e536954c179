// silu(gate) * up for each row, and in int8 graphs the block Hadamard rotation and the row
// quantisation that the down projection expects. A row's result depends on that row alone.
#pragma once

#include <cstddef>
#include <cstdint>

#include "parallel.h"
#include "span.h"

namespace espalier {

// With row_scale, x holds int8 products: value = x[t, n] * row_scale[t]; the activation is rotated
// in blocks of hadamard_block (see hadamard.h) and leaves as `quantized` and `out_scale` (see
// quantize.h). Without it the activation leaves in `out`, rotated too if hadamard_block > 0.
struct SwiGluArgs {
  int32_t rows = 0;            // T, 0 is fine
  int32_t inner = 0;           // a multiple of 16
  int32_t hadamard_block = 0;  // 0: none; else a power of two from 2 to 512 that divides inner

  const float* x = nullptr;          // [T, 2 * inner], gate then up
  const float* row_scale = nullptr;  // [T], optional

  float* out = nullptr;          // [T, inner], without row_scale
  uint8_t* quantized = nullptr;  // [T, inner], with row_scale
  float* out_scale = nullptr;    // [T], with row_scale
};

[[nodiscard]] InputError CheckSwiGlu(const SwiGluArgs& args) noexcept;

[[nodiscard]] size_t SwiGluScratchBytes(const SwiGluArgs& args, size_t workers) noexcept;

// `scratch` holds SwiGluScratchBytes bytes, aligned to 64.
void SwiGlu(const SwiGluArgs& args, const ParallelFor& parallel, void* scratch) noexcept;

}  // namespace espalier
