// A small seeded generator, so that every failing case can be repeated.
#pragma once

#include <cstdint>
#include <vector>

namespace espalier::test {

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  // SplitMix64.
  uint64_t Next() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  // An integer from low to high, both included.
  int32_t Range(int32_t low, int32_t high) {
    return low + static_cast<int32_t>(Next() % (uint64_t(high) - low + 1));
  }
  bool Chance(double probability) { return double(Next() >> 11) * 0x1p-53 < probability; }
  float Uniform(float low, float high) {
    return low + (high - low) * (float(Next() >> 40) * 0x1p-24f);
  }
  std::vector<float> Floats(size_t count, float low, float high) {
    std::vector<float> values(count);
    for (float& value : values) value = Uniform(low, high);
    return values;
  }
  template <typename T>
  const T& Pick(const std::vector<T>& choices) {
    return choices[Next() % choices.size()];
  }

 private:
  uint64_t state_;
};

}  // namespace espalier::test
