// The normalised Hadamard transform that rotates the input of the down projection.
// The model importer folds the same matrix into that projection's weights, so its order is fixed:
// natural (Sylvester) order, H(1) = [1], H(2n) = [[H(n), H(n)], [H(n), -H(n)]] / sqrt(2), that is
// H[i][j] = (-1)^popcount(i & j) / sqrt(n). H is symmetric and its own inverse. A row of `size`
// values is rotated as size / block contiguous blocks, each by the same H(block).
#pragma once

#include <cstddef>
#include <cstdint>

#include "span.h"

namespace espalier {

// Largest block that the kernels rotate.
inline constexpr int32_t kMaxHadamardBlock = 512;

// Fails unless block is 0 (no rotation) or a power of two from 2 to 512 that divides size.
[[nodiscard]] InputError CheckHadamard(int32_t size, int32_t block) noexcept;

// Rotates values [size] in place.
void Hadamard(float* values, int32_t size, int32_t block) noexcept;

// The same by its definition, summed in double: out = H values, both [size].
void HadamardScalar(const float* values, int32_t size, int32_t block, float* out) noexcept;

}  // namespace espalier
