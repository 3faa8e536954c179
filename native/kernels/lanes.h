// Lanes<N>: N floats computed on side by side, from compiler vector extensions, for whichever
// instruction set this file is compiled for (ESPALIER_ISA names its namespace).
// Every operation rounds the same way on each of them: products are fused only where Fma says so
// (build with -ffp-contract=off), and reductions have one fixed order. The baseline x86-64 build
// has no fused multiply-add: its results differ from the others' in the last bits.
#pragma once

#include <cstdint>
#include <cstring>

#ifndef ESPALIER_ISA
#error "ESPALIER_ISA must name the instruction set that this file is compiled for"
#endif

#if defined(__AVX2__) || defined(__AVX512F__)
#include <immintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

#define ESPALIER_INLINE inline __attribute__((always_inline))
#define ESPALIER_UNROLL _Pragma("GCC unroll 32")

namespace espalier::ESPALIER_ISA {

// Widest vector that the instruction set holds in one register.
#if defined(__AVX512F__)
inline constexpr int kWidth = 16;
#elif defined(__AVX2__)
inline constexpr int kWidth = 8;
#else
inline constexpr int kWidth = 4;
#endif

template <int W>
struct Register {
  using F __attribute__((vector_size(W * 4))) = float;
  using I __attribute__((vector_size(W * 4))) = int32_t;
  using U __attribute__((vector_size(W * 4))) = uint32_t;
};

#if defined(__AVX512F__)
ESPALIER_INLINE Register<16>::F FmaPart(Register<16>::F a, Register<16>::F b, Register<16>::F c) {
  return (Register<16>::F)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
}
#endif
#if defined(__AVX2__) && defined(__FMA__)
ESPALIER_INLINE Register<8>::F FmaPart(Register<8>::F a, Register<8>::F b, Register<8>::F c) {
  return (Register<8>::F)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
}
#elif defined(__ARM_NEON)
ESPALIER_INLINE Register<4>::F FmaPart(Register<4>::F a, Register<4>::F b, Register<4>::F c) {
  return (Register<4>::F)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
}
#else
ESPALIER_INLINE Register<4>::F FmaPart(Register<4>::F a, Register<4>::F b, Register<4>::F c) {
  return a * b + c;
}
#endif

template <int N>
struct Lanes {
  static constexpr int kPartWidth = N < kWidth ? N : kWidth;
  static constexpr int kParts = N / kPartWidth;
  using F = typename Register<kPartWidth>::F;
  using I = typename Register<kPartWidth>::I;
  using U = typename Register<kPartWidth>::U;
  F part[kParts];
};

template <int N>
ESPALIER_INLINE Lanes<N> Splat(float x) {
  Lanes<N> r;
  ESPALIER_UNROLL for (auto& p : r.part) p = x - typename Lanes<N>::F{};
  return r;
}

template <int N>
ESPALIER_INLINE Lanes<N> Load(const float* from) {
  Lanes<N> r;
  ESPALIER_UNROLL for (int i = 0; i < Lanes<N>::kParts; ++i) {
    std::memcpy(&r.part[i], from + i * Lanes<N>::kPartWidth, sizeof(r.part[i]));
  }
  return r;
}

template <int N>
ESPALIER_INLINE void Store(float* to, const Lanes<N>& a) {
  ESPALIER_UNROLL for (int i = 0; i < Lanes<N>::kParts; ++i) {
    std::memcpy(to + i * Lanes<N>::kPartWidth, &a.part[i], sizeof(a.part[i]));
  }
}

// Defines `Lanes NAME(a, b)` by an expression over the parts x and y.
#define ESPALIER_BINARY(NAME, EXPRESSION)                               \
  template <int N>                                                      \
  ESPALIER_INLINE Lanes<N> NAME(const Lanes<N>& a, const Lanes<N>& b) { \
    Lanes<N> r;                                                         \
    ESPALIER_UNROLL for (int i = 0; i < Lanes<N>::kParts; ++i) {        \
      const auto x = a.part[i];                                         \
      const auto y = b.part[i];                                         \
      r.part[i] = EXPRESSION;                                           \
    }                                                                   \
    return r;                                                           \
  }
ESPALIER_BINARY(operator+, x + y)
ESPALIER_BINARY(operator-, x - y)
ESPALIER_BINARY(operator*, x* y)
ESPALIER_BINARY(operator/, x / y)
ESPALIER_BINARY(Max, x > y ? x : y)
ESPALIER_BINARY(Min, x < y ? x : y)
#undef ESPALIER_BINARY

// a * b + c, rounded once.
template <int N>
ESPALIER_INLINE Lanes<N> Fma(const Lanes<N>& a, const Lanes<N>& b, const Lanes<N>& c) {
  Lanes<N> r;
  ESPALIER_UNROLL for (int i = 0; i < Lanes<N>::kParts; ++i) {
    r.part[i] = FmaPart(a.part[i], b.part[i], c.part[i]);
  }
  return r;
}

template <int N>
ESPALIER_INLINE Lanes<N> Abs(const Lanes<N>& a) {
  Lanes<N> r;
  ESPALIER_UNROLL for (int i = 0; i < Lanes<N>::kParts; ++i) {
    using L = Lanes<N>;
    r.part[i] = (typename L::F)((typename L::U)a.part[i] & 0x7fffffffu);
  }
  return r;
}

// The first `count` lanes of a, then those of b.
ESPALIER_INLINE Lanes<16> KeepFirst(int32_t count, const Lanes<16>& a, const Lanes<16>& b) {
  using L = Lanes<16>;
  L r;
  ESPALIER_UNROLL for (int p = 0; p < L::kParts; ++p) {
    typename L::I lane;
    ESPALIER_UNROLL for (int i = 0; i < L::kPartWidth; ++i) lane[i] = p * L::kPartWidth + i;
    r.part[p] = lane < count ? a.part[p] : b.part[p];
  }
  return r;
}

// Sixteen doubles side by side.
struct DoubleLanes {
  static constexpr int kPartWidth = kWidth / 2;
  static constexpr int kParts = 16 / kPartWidth;
  using D __attribute__((vector_size(kPartWidth * 8))) = double;
  D part[kParts] = {};
};

// sums + a, lane by lane.
ESPALIER_INLINE void AddTo(DoubleLanes& sums, const Lanes<16>& a) {
  constexpr int kPartWidth = DoubleLanes::kPartWidth;
  using Floats __attribute__((vector_size(kPartWidth * 4))) = float;
  ESPALIER_UNROLL for (int i = 0; i < DoubleLanes::kParts; ++i) {
    Floats floats;
    std::memcpy(&floats, reinterpret_cast<const char*>(&a) + i * sizeof(Floats), sizeof(Floats));
    sums.part[i] += __builtin_convertvector(floats, DoubleLanes::D);
  }
}

ESPALIER_INLINE double SumAcross(const DoubleLanes& a) {
  double x[16];
  std::memcpy(x, a.part, sizeof(x));
  for (int half = 8; half > 0; half /= 2) {
    for (int i = 0; i < half; ++i) x[i] += x[i + half];
  }
  return x[0];
}

// Sum and maximum over the sixteen lanes, folded in halves: 8 + 8, 4 + 4, 2 + 2, 1 + 1.
ESPALIER_INLINE float SumAcross(const Lanes<16>& a) {
  float x[16];
  Store<16>(x, a);
  for (int half = 8; half > 0; half /= 2) {
    for (int i = 0; i < half; ++i) x[i] += x[i + half];
  }
  return x[0];
}

ESPALIER_INLINE float MaxAcross(const Lanes<16>& a) {
  float x[16];
  Store<16>(x, a);
  for (int half = 8; half > 0; half /= 2) {
    for (int i = 0; i < half; ++i) x[i] = x[i] > x[i + half] ? x[i] : x[i + half];
  }
  return x[0];
}

// Adding and taking away this number rounds |x| < 2^22 to the nearest integer, ties to even; in
// between, the low bits of the sum are that integer.
inline constexpr float kRoundShift = 12582912.0f;  // 1.5 * 2^23

// 2^x for x <= 126, relative error below 2e-7; 0 below -126. The polynomial is the minimax fit of
// 2^f on [-1/2, 1/2] with constant term 1.
template <int N>
ESPALIER_INLINE Lanes<N> Exp2(const Lanes<N>& x) {
  using L = Lanes<N>;
  const L shifted = x + Splat<N>(kRoundShift);
  const L f = x - (shifted - Splat<N>(kRoundShift));
  L p = Splat<N>(1.3264727e-3f);
  p = Fma(p, f, Splat<N>(9.671513e-3f));
  p = Fma(p, f, Splat<N>(5.5507336e-2f));
  p = Fma(p, f, Splat<N>(2.4022242e-1f));
  p = Fma(p, f, Splat<N>(6.93147e-1f));
  p = Fma(p, f, Splat<N>(1.0f));
  L r;
  ESPALIER_UNROLL for (int i = 0; i < L::kParts; ++i) {
    const auto exponent = (typename L::U)shifted.part[i] << 23;
    const auto bits = (typename L::U)p.part[i] + exponent;
    r.part[i] = (typename L::F)(bits & (typename L::U)(x.part[i] >= -126.0f));
  }
  return r;
}

// round_half_even(a * factor) + 64, clamped to 1..127, as bytes.
ESPALIER_INLINE void StoreQuantized(uint8_t* to, const Lanes<16>& a, float factor) {
  using L = Lanes<16>;
  const L shifted = a * Splat<16>(factor) + Splat<16>(kRoundShift);
  ESPALIER_UNROLL for (int i = 0; i < L::kParts; ++i) {
    using Bytes __attribute__((vector_size(L::kPartWidth))) = uint8_t;
    typename L::I q = (typename L::I)((typename L::U)shifted.part[i] - (0x4b400000u - 64u));
    q = q < 1 ? 1 - typename L::I{} : q;
    q = q > 127 ? 127 - typename L::I{} : q;
    const Bytes bytes = __builtin_convertvector(q, Bytes);
    std::memcpy(to + i * L::kPartWidth, &bytes, sizeof(bytes));
  }
}

}  // namespace espalier::ESPALIER_ISA
