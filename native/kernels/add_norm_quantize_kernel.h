// AddNormQuantize on whole lanes, row by row.
#pragma once

#include <cmath>

#include "add_norm_quantize.h"
#include "lanes.h"
#include "row_quantizer.h"
#include "row_tasks.h"

namespace espalier::ESPALIER_ISA {

// The norm scales a whole row by one factor, which quantisation undoes: the bytes are those of the
// row before the norm, and the factor goes into the scale alone.
inline void AddNormQuantizeRow(const AddNormQuantizeArgs& args, int32_t row) {
  const size_t first = size_t(row) * args.hidden;
  const float* residual = args.residual + first;
  float* next = args.next + first;
  const auto scale = Splat<16>(args.delta_scale != nullptr ? args.delta_scale[row] : 1.0f);
  auto squares = Splat<16>(0.0f);
  for (int32_t i = 0; i < args.hidden; i += 16) {
    auto x = Load<16>(residual + i);
    if (args.delta != nullptr) x = Fma(Load<16>(args.delta + first + i), scale, x);
    Store(next + i, x);
    squares = Fma(x, x, squares);
  }
  const float mean = SumAcross(squares) / static_cast<float>(args.hidden);
  const float inverse = 1.0f / std::sqrt(mean + args.norm_epsilon);
  args.out_scale[row] = QuantizeRow(next, args.hidden, args.quantized + first) * inverse;
}

inline void RunAddNormQuantize(const AddNormQuantizeArgs& args,
                               const ParallelFor& parallel) noexcept {
  ForEachRow(parallel, args.rows, [&](size_t, int32_t row) { AddNormQuantizeRow(args, row); });
}

}  // namespace espalier::ESPALIER_ISA
