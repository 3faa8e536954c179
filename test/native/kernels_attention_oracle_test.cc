// TreeAttention against the scalar oracle, on 1,000 random trees: forks in mid-page, several nodes
// prefilled in one step, group sizes 1-8, head sizes 32-128, runs that start anywhere in a page.
// sources: native/kernels/*.cc
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "attention_model.h"
#include "check.h"
#include "kernels/quantize.h"
#include "thread_pool.h"

namespace espalier::test {
namespace {

constexpr float kTolerance = 1e-5f;

// Largest difference; a NaN on one side alone counts as infinite.
float LargestDifference(const std::vector<float>& a, const std::vector<float>& b) {
  if (a.size() != b.size()) return INFINITY;
  float largest = 0.0f;
  for (size_t i = 0; i < a.size(); ++i) {
    if (std::isnan(a[i]) && std::isnan(b[i])) continue;
    const float difference = std::fabs(a[i] - b[i]);
    largest = difference <= largest ? largest : std::isnan(difference) ? INFINITY : difference;
  }
  return largest;
}

// Quantised rows may differ by one step where the value lies half-way between two.
void CheckQuantized(const Outputs& got, const Outputs& expected) {
  CHECK(LargestDifference(got.scales, expected.scales) <= kTolerance / kQuantizedSteps);
  size_t unequal = 0;
  for (size_t i = 0; i < got.quantized.size(); ++i) {
    const int difference = std::abs(int(got.quantized[i]) - int(expected.quantized[i]));
    if (!CHECK(difference <= 1)) return;
    unequal += difference != 0 ? 1 : 0;
  }
  CHECK(unequal * 500 <= got.quantized.size());
}

// One forest of `tokens` tokens; returns the largest error of its fp32 rows.
float CompareForest(Random& random, int32_t tokens, double straight, const KernelSet& set,
                    const ParallelFor& parallel) {
  const Forest forest = Forest::Make(random, tokens, straight);
  const AttentionModel model = AttentionModel::Make(random, forest.tokens.size());
  const Layout layout = LayoutMaker(forest, random).Make();
  const int32_t first_position = random.Chance(0.2) ? random.Range(0, 30000) : 0;
  Pool pool(model, layout.pages);
  Pool oracle_pool(model, layout.pages);
  const Outputs got =
      ComputeLayout(model, forest, layout, pool, KernelOf(set, parallel), first_position);
  const Outputs expected =
      ComputeLayout(model, forest, layout, oracle_pool, TreeAttentionScalar, first_position);
  CHECK(!got.rows.empty() || !got.quantized.empty());
  const float error = LargestDifference(got.rows, expected.rows);
  CHECK(error <= kTolerance);
  CHECK(LargestDifference(pool.keys, oracle_pool.keys) <= kTolerance);
  CHECK(LargestDifference(pool.values, oracle_pool.values) <= kTolerance);
  CheckQuantized(got, expected);
  return error;
}

float CompareCase(uint64_t seed, const KernelSet& set, const ParallelFor& parallel) {
  Random random(seed);
  const int32_t tokens = random.Chance(0.1) ? random.Range(60, 200) : random.Range(1, 60);
  return CompareForest(random, tokens, random.Pick<double>({0.5, 0.8, 0.95}), set, parallel);
}

TEST(ThousandRandomTreesMatchTheOracle) {
  ThreadPool pool(2);
  float largest = 0.0f;
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    const int failed = FailedChecks();
    largest = std::max(largest, CompareCase(seed, BestKernelSet(), pool.parallel()));
    if (FailedChecks() > failed) std::fprintf(stderr, "seed %d\n", int(seed));
  }
  std::printf("largest error on %s: %.2g\n", BestKernelSet().name, largest);
}

// Long runs computed at once: triangles over many pages and several chunks of values.
TEST(LongPrefillsMatchTheOracle) {
  ThreadPool pool(2);
  for (uint64_t seed = 2000; seed < 2030; ++seed) {
    Random random(seed);
    const int32_t tokens = random.Range(150, 400);
    CompareForest(random, tokens, 0.998, BestKernelSet(), pool.parallel());
  }
}

TEST(EveryInstructionSetMatchesTheOracle) {
  for (const KernelSet* set : AllKernelSets()) {
    for (uint64_t seed = 5000; seed < 5100; ++seed) CompareCase(seed, *set, {});
  }
}

}  // namespace
}  // namespace espalier::test

int main() { return espalier::test::RunTests(); }
