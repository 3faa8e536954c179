#include "hadamard.h"

#include <bit>
#include <cmath>

#include "kernel_set.h"

namespace espalier {

InputError CheckHadamard(int32_t size, int32_t block) noexcept {
  if (size < 16 || size % 16 != 0) return {"the row size must be a multiple of 16", size};
  if (block == 0) return {};
  if (block < 2 || block > kMaxHadamardBlock || !std::has_single_bit(uint32_t(block)) ||
      size % block != 0) {
    return {"the Hadamard block must be a power of two up to 512 that divides the row", block};
  }
  return {};
}

void Hadamard(float* values, int32_t size, int32_t block) noexcept {
  BestKernelSet().hadamard(values, size, block);
}

void HadamardScalar(const float* values, int32_t size, int32_t block, float* out) noexcept {
  const int32_t width = block == 0 ? 1 : block;
  const double factor = 1.0 / std::sqrt(static_cast<double>(width));
  for (int32_t i = 0; i < size; ++i) {
    const int32_t first = i / width * width;
    double sum = 0.0;
    for (int32_t j = 0; j < width; ++j) {
      const bool negative = std::popcount(uint32_t((i - first) & j)) % 2 != 0;
      sum += negative ? -double(values[first + j]) : double(values[first + j]);
    }
    out[i] = static_cast<float>(sum * factor);
  }
}

}  // namespace espalier
