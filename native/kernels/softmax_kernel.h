// Softmax weights on whole lanes. Sums: sixteen doubles a block, one for each lane, folded in
// halves; blocks by ascending id.
#pragma once

#include <algorithm>
#include <cmath>

#include "lanes.h"
#include "softmax.h"

namespace espalier::ESPALIER_ISA {

// Sixteen logits from `index` on; -infinity past the end.
ESPALIER_INLINE Lanes<16> LoadLogits(const float* logits, int32_t index, int32_t count) {
  if (index + 16 <= count) return Load<16>(logits + index);
  float tail[16];
  std::fill(tail, tail + 16, -INFINITY);
  std::copy(logits + index, logits + count, tail);
  return Load<16>(tail);
}

inline double RunSoftmax(const SoftmaxArgs& args) noexcept {
  const auto scale = Splat<16>(args.scale);
  const auto maximum = Splat<16>(args.maximum);
  const auto plain = Splat<16>(1.44269504f);
  const auto heated = Splat<16>(1.44269504f * args.inverse_temperature);
  double total = 0;
  for (int32_t begin = 0; begin < args.count; begin += kSoftmaxBlock) {
    const int32_t end = std::min(args.count, begin + kSoftmaxBlock);
    DoubleLanes at_one;
    DoubleLanes sums;
    for (int32_t i = begin; i < end; i += 16) {
      const auto distance = LoadLogits(args.logits, i, args.count) * scale - maximum;
      const auto weights = Exp2(distance * heated);
      AddTo(at_one, Exp2(distance * plain));
      AddTo(sums, weights);
      if (i + 16 <= args.count) {
        Store<16>(args.weights + i, weights);
      } else {
        float tail[16];
        Store<16>(tail, weights);
        std::copy(tail, tail + (args.count - i), args.weights + i);
      }
    }
    total += SumAcross(at_one);
    args.block_sums[begin / kSoftmaxBlock] = SumAcross(sums);
  }
  return total;
}

inline float RunMaximumLogit(const float* logits, int32_t count, float scale) noexcept {
  using L = Lanes<16>;
  L largest = Splat<16>(-INFINITY);
  L ordered = Splat<16>(1.0f);  // 0 in lanes that saw NaN
  for (int32_t i = 0; i < count; i += 16) {
    const L x = LoadLogits(logits, i, count) * Splat<16>(scale);
    largest = Max(x, largest);
    ESPALIER_UNROLL for (int p = 0; p < L::kParts; ++p) {
      ordered.part[p] = x.part[p] == x.part[p] ? ordered.part[p] : typename L::F{};
    }
  }
  return SumAcross(ordered) == 16.0f ? MaxAcross(largest) : NAN;
}

}  // namespace espalier::ESPALIER_ISA
