// The first half of TreeAttention: takes each row's query, key and value heads out of the linear's
// output (row scale, bias, RMS norm, RoPE), writes keys and values to the pool, keeps the queries.
#pragma once

#include <cmath>

#include "lanes.h"
#include "tree_attention_plan.h"

namespace espalier::ESPALIER_ISA {

inline constexpr int kMaxHeadDim = 256;

struct Rotation {
  float cosine[kMaxHeadDim / 2];
  float sine[kMaxHeadDim / 2];
};

// Cosine and sine of eight angles below 2^22, within 2e-7: the angle is brought to [-pi/4, pi/4]
// in double, then minimax polynomials; quadrants swap and negate them.
ESPALIER_INLINE void SineCosine(const float* angles, float* cosine, float* sine) {
  constexpr double kTwoOverPi = 0.63661977236758134308;
  constexpr double kHalfPi = 1.57079632679489661923;
  constexpr double kShift = 6755399441055744.0;  // 1.5 * 2^52: rounds as kRoundShift does
  float reduced[8];
  int32_t quadrant[8];
  for (int i = 0; i < 8; ++i) {
    const double x = angles[i];
    const double turns = (x * kTwoOverPi + kShift) - kShift;
    reduced[i] = static_cast<float>(x - turns * kHalfPi);
    quadrant[i] = static_cast<int32_t>(turns);
  }
  using L = Lanes<8>;
  const L r = Load<8>(reduced);
  const L r2 = r * r;
  L s = Fma(Splat<8>(-1.9515281e-4f), r2, Splat<8>(8.33216e-3f));
  s = Fma(s, r2, Splat<8>(-1.6666655e-1f));
  s = Fma(s * r2, r, r);
  L c = Fma(Splat<8>(2.4433155e-5f), r2, Splat<8>(-1.3887316e-3f));
  c = Fma(c, r2, Splat<8>(4.1666646e-2f));
  c = Fma(c, r2 * r2, Fma(Splat<8>(-0.5f), r2, Splat<8>(1.0f)));
  float sines[8];
  float cosines[8];
  Store(sines, s);
  Store(cosines, c);
  for (int i = 0; i < 8; ++i) {
    const bool swapped = (quadrant[i] & 1) != 0;
    const float for_sine = swapped ? cosines[i] : sines[i];
    const float for_cosine = swapped ? sines[i] : cosines[i];
    sine[i] = (quadrant[i] & 2) != 0 ? -for_sine : for_sine;
    cosine[i] = ((quadrant[i] + 1) & 2) != 0 ? -for_cosine : for_cosine;
  }
}

ESPALIER_INLINE void MakeRotation(const TreeAttentionArgs& args, int32_t position, Rotation& to) {
  const auto factor = Splat<8>(args.attention_factor);
  for (int32_t d = 0; d < args.head_dim / 2; d += 8) {
    float angles[8];
    Store(angles, Load<8>(args.inv_freq + d) * Splat<8>(static_cast<float>(position)));
    // Past 2^22 (or not a number) RoPE has no precision left; zero keeps the conversion defined.
    for (float& angle : angles) angle = std::fabs(angle) < 4194304.0f ? angle : 0.0f;
    SineCosine(angles, to.cosine + d, to.sine + d);
    Store(to.cosine + d, Load<8>(to.cosine + d) * factor);
    Store(to.sine + d, Load<8>(to.sine + d) * factor);
  }
}

// Reads one head [D] at `column` of row `row`, scaled and biased.
ESPALIER_INLINE void ReadHead(const TreeAttentionArgs& args, int32_t row, size_t column,
                              float* head) {
  const size_t width = size_t(args.heads + 2 * args.kv_heads) * args.head_dim;
  const float* from = args.qkv + row * width + column;
  const auto scale = Splat<16>(args.row_scale != nullptr ? args.row_scale[row] : 1.0f);
  for (int32_t d = 0; d < args.head_dim; d += 16) {
    const auto x = Load<16>(from + d);
    Store(head + d, args.qkv_bias != nullptr ? Fma(x, scale, Load<16>(args.qkv_bias + column + d))
                                             : x * scale);
  }
}

// RMS norm of head [D] in place.
ESPALIER_INLINE void NormHead(const TreeAttentionArgs& args, const float* weight, float* head) {
  auto squares = Splat<16>(0.0f);
  for (int32_t d = 0; d < args.head_dim; d += 16) {
    const auto x = Load<16>(head + d);
    squares = Fma(x, x, squares);
  }
  const float mean = SumAcross(squares) / static_cast<float>(args.head_dim);
  const auto factor = Splat<16>(1.0f / std::sqrt(mean + args.norm_epsilon));
  for (int32_t d = 0; d < args.head_dim; d += 16) {
    Store(head + d, Load<16>(head + d) * factor * Load<16>(weight + d));
  }
}

// Rotates halves of head [D], times factor, into `to`, which may be head itself.
ESPALIER_INLINE void RotateHead(int32_t head_dim, const Rotation& rotation, float factor,
                                const float* head, float* to) {
  const int32_t half = head_dim / 2;
  const auto scale = Splat<8>(factor);
  for (int32_t d = 0; d < half; d += 8) {
    const auto low = Load<8>(head + d);
    const auto high = Load<8>(head + half + d);
    const auto cosine = Load<8>(rotation.cosine + d);
    const auto sine = Load<8>(rotation.sine + d);
    Store(to + d, Fma(low, cosine, Splat<8>(0.0f) - high * sine) * scale);
    Store(to + half + d, Fma(high, cosine, low * sine) * scale);
  }
}

// A row's keys go to one lane of kv_heads * D cache lines: asks for them ahead of the writes.
ESPALIER_INLINE void PrefetchKeyLines(const TreeAttentionArgs& args, int32_t row) {
  const size_t page_floats = size_t(args.head_dim) * kPageSlots;
  const float* keys = args.key_cache + args.slots[row] / kPageSlots * page_floats;
  for (int32_t h = 0; h < args.kv_heads; ++h, keys += args.pages * page_floats) {
    for (int32_t d = 0; d < args.head_dim; ++d) __builtin_prefetch(keys + d * kPageSlots, 1);
  }
}

// Prepares one row. Queries are scaled by log2(e) / sqrt(D), so that exp(q k) is Exp2 of the score.
ESPALIER_INLINE void PrepareRow(const TreeAttentionArgs& args, const TreeAttentionPlan& plan,
                                int32_t row) {
  const int32_t dim = args.head_dim;
  const float query_factor = 1.44269504f / std::sqrt(static_cast<float>(dim));
  const size_t page = args.slots[row] / kPageSlots;
  const int32_t lane = args.slots[row] % kPageSlots;
  if (row + 1 < args.rows && size_t(args.slots[row + 1] / kPageSlots) != page) {
    PrefetchKeyLines(args, row + 1);
  }
  Rotation rotation;
  MakeRotation(args, args.positions[row], rotation);
  alignas(64) float head[kMaxHeadDim];
  for (int32_t h = 0; h < args.kv_heads; ++h) {
    float* queries = plan.queries + (size_t(h) * args.rows + row) * plan.group * dim;
    for (int32_t g = 0; g < plan.group; ++g, queries += dim) {
      ReadHead(args, row, (size_t(h) * plan.group + g) * dim, head);
      if (args.q_norm != nullptr) NormHead(args, args.q_norm, head);
      RotateHead(dim, rotation, query_factor, head, queries);
    }
    const size_t pool_page = size_t(h) * args.pages + page;
    ReadHead(args, row, size_t(args.heads + h) * dim, head);
    if (args.k_norm != nullptr) NormHead(args, args.k_norm, head);
    RotateHead(dim, rotation, 1.0f, head, head);
    float* keys = args.key_cache + pool_page * dim * kPageSlots + lane;
    for (int32_t d = 0; d < dim; ++d) keys[d * kPageSlots] = head[d];
    ReadHead(args, row, size_t(args.heads + args.kv_heads + h) * dim,
             args.value_cache + (pool_page * kPageSlots + lane) * dim);
  }
}

}  // namespace espalier::ESPALIER_ISA
