#include "quantize.h"

#include <cmath>

namespace espalier {

float QuantizeRowScalar(const float* values, int32_t size, uint8_t* quantized) noexcept {
  float largest = 0.0f;
  for (int32_t i = 0; i < size; ++i) {
    const float magnitude = std::fabs(values[i]);
    if (magnitude > largest) largest = magnitude;
  }
  const bool empty = largest < kQuantizedFloor;
  const float factor = empty ? 0.0f : kQuantizedSteps / largest;
  for (int32_t i = 0; i < size; ++i) {
    const float rounded = std::nearbyint(values[i] * factor) + kQuantizedZero;
    quantized[i] = static_cast<uint8_t>(rounded >= 1.0f ? (rounded < 127.0f ? rounded : 127) : 1);
  }
  return empty ? 0.0f : largest / kQuantizedSteps;
}

}  // namespace espalier
