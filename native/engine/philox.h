// Philox4x32-10, the counter-based generator of Salmon et al., "Parallel Random Numbers: As Easy as
// 1, 2, 3" (SC 2011). A number depends on its keys alone, so a path draws the same in any company.
#pragma once

#include <array>
#include <cstdint>

namespace espalier {

inline std::array<uint32_t, 4> Philox4x32(std::array<uint32_t, 4> counter,
                                          std::array<uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const uint64_t a = uint64_t{0xD2511F53} * counter[0];
    const uint64_t b = uint64_t{0xCD9E8D57} * counter[2];
    counter = {static_cast<uint32_t>(b >> 32) ^ counter[1] ^ key[0], static_cast<uint32_t>(b),
               static_cast<uint32_t>(a >> 32) ^ counter[3] ^ key[1], static_cast<uint32_t>(a)};
    key[0] += 0x9E3779B9;
    key[1] += 0xBB67AE85;
  }
  return counter;
}

// Uniform in [0, 1) with 53 bits for token `index` of the path (DESIGN §4.5; twin: src/random.ts).
inline double UniformAt(uint64_t stream_key, uint64_t path_key, uint32_t index) {
  const auto words =
      Philox4x32({index, 0, static_cast<uint32_t>(path_key), static_cast<uint32_t>(path_key >> 32)},
                 {static_cast<uint32_t>(stream_key), static_cast<uint32_t>(stream_key >> 32)});
  const uint64_t bits = (uint64_t{words[0]} << 21) | (words[1] >> 11);
  return static_cast<double>(bits) * 0x1p-53;
}

}  // namespace espalier
