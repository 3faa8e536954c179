// SwiGLU on whole lanes, row by row.
#pragma once

#include "hadamard_kernel.h"
#include "lanes.h"
#include "row_quantizer.h"
#include "row_tasks.h"
#include "swiglu.h"

namespace espalier::ESPALIER_ISA {

// silu(gate) * up of one row, into `to` [inner].
ESPALIER_INLINE void ActivateRow(const SwiGluArgs& args, int32_t row, float* to) {
  const float* gates = args.x + size_t(row) * 2 * args.inner;
  const float* ups = gates + args.inner;
  const auto scale = Splat<16>(args.row_scale != nullptr ? args.row_scale[row] : 1.0f);
  const auto one = Splat<16>(1.0f);
  for (int32_t i = 0; i < args.inner; i += 16) {
    const auto gate = Load<16>(gates + i) * scale;
    const auto up = Load<16>(ups + i) * scale;
    // Below -87 silu is zero to float precision; the bound keeps Exp2 in range.
    const auto power = Min(gate * Splat<16>(-1.44269504f), Splat<16>(126.0f));
    Store(to + i, gate / (one + Exp2(power)) * up);
  }
}

inline void RunSwiGlu(const SwiGluArgs& args, const ParallelFor& parallel, void* scratch) noexcept {
  ForEachRow(parallel, args.rows, [&](size_t worker, int32_t row) {
    const size_t first = size_t(row) * args.inner;
    const bool quantizes = args.row_scale != nullptr;
    float* values =
        quantizes ? static_cast<float*>(scratch) + worker * args.inner : args.out + first;
    ActivateRow(args, row, values);
    HadamardRow(values, args.inner, args.hadamard_block);
    if (quantizes) args.out_scale[row] = QuantizeRow(values, args.inner, args.quantized + first);
  });
}

}  // namespace espalier::ESPALIER_ISA
