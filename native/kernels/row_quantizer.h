// Quantises one row of floats, as quantize.h defines it, in whole lanes.
#pragma once

#include "lanes.h"
#include "quantize.h"

namespace espalier::ESPALIER_ISA {

// Quantises values [size] (a multiple of 16) to `to` and returns largest / 63, the scale.
ESPALIER_INLINE float QuantizeRow(const float* values, int32_t size, uint8_t* to) {
  Lanes<16> magnitudes = Splat<16>(0.0f);
  for (int32_t i = 0; i < size; i += 16) magnitudes = Max(Abs(Load<16>(values + i)), magnitudes);
  const float largest = MaxAcross(magnitudes);
  const bool empty = largest < kQuantizedFloor;
  const float factor = empty ? 0.0f : kQuantizedSteps / largest;
  for (int32_t i = 0; i < size; i += 16) StoreQuantized(to + i, Load<16>(values + i), factor);
  return empty ? 0.0f : largest / kQuantizedSteps;
}

}  // namespace espalier::ESPALIER_ISA
