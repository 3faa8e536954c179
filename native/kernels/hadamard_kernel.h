// The fast Hadamard transform of one row: butterflies by distance 1, 2, 4, ... in that order.
#pragma once

#include <cmath>

#include "hadamard.h"
#include "lanes.h"

namespace espalier::ESPALIER_ISA {

// Butterflies between lanes `kDistance` apart inside sixteen lanes: (a, b) -> (a + b, a - b).
template <int kDistance>
ESPALIER_INLINE Lanes<16> ButterflyInside(const Lanes<16>& x) {
  using L = Lanes<16>;
  L r;
  if constexpr (kDistance < L::kPartWidth) {
    typename L::I partner;
    typename L::U sign;
    ESPALIER_UNROLL for (int i = 0; i < L::kPartWidth; ++i) {
      partner[i] = i ^ kDistance;
      sign[i] = (i & kDistance) != 0 ? 0x80000000u : 0u;
    }
    ESPALIER_UNROLL for (int p = 0; p < L::kParts; ++p) {
      const auto own = (typename L::F)((typename L::U)x.part[p] ^ sign);
      r.part[p] = __builtin_shuffle(x.part[p], partner) + own;
    }
  } else {
    constexpr int kStep = kDistance / L::kPartWidth;
    ESPALIER_UNROLL for (int p = 0; p < L::kParts; ++p) {
      const auto a = x.part[p & ~kStep];
      const auto b = x.part[p | kStep];
      r.part[p] = (p & kStep) != 0 ? a - b : a + b;
    }
  }
  return r;
}

// Rotates values [size] in blocks of `block`, in place.
ESPALIER_INLINE void HadamardRow(float* values, int32_t size, int32_t block) {
  if (block < 2) return;
  const auto factor = Splat<16>(1.0f / std::sqrt(static_cast<float>(block)));
  for (int32_t i = 0; i < size; i += 16) {
    auto x = Load<16>(values + i);
    x = ButterflyInside<1>(x);
    if (block >= 4) x = ButterflyInside<2>(x);
    if (block >= 8) x = ButterflyInside<4>(x);
    if (block >= 16) x = ButterflyInside<8>(x);
    Store(values + i, x * factor);
  }
  for (int32_t distance = 16; distance < block; distance *= 2) {
    for (int32_t i = 0; i < size; i += 16) {
      if ((i & distance) != 0) continue;
      const auto a = Load<16>(values + i);
      const auto b = Load<16>(values + i + distance);
      Store(values + i, a + b);
      Store(values + i + distance, a - b);
    }
  }
}

}  // namespace espalier::ESPALIER_ISA
