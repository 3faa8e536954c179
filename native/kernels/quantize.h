// Rows of activations as unsigned 7-bit integers around zero point 64: value = (u8 - 64) * scale.
// scale = max|value| / 63, u8 = clamp(round_half_even(value / scale) + 64, 1, 127); a row whose
// largest magnitude is below 1e-30 becomes all 64 with scale 0. Seven bits keep AVX2's u8 x s8
// pair sums exact.
#pragma once

#include <cstdint>

namespace espalier {

inline constexpr int32_t kQuantizedZero = 64;
inline constexpr int32_t kQuantizedSteps = 63;
inline constexpr float kQuantizedFloor = 1e-30f;

// The definition above, for one row [size]; returns the scale. The kernels give the same bits.
float QuantizeRowScalar(const float* values, int32_t size, uint8_t* quantized) noexcept;

}  // namespace espalier
