// A row's attention depends on its token path alone: the same forest gives the same bits in every
// layout of its tokens in the pool, cut into any spans and steps, on 1 to 3 threads, and on every
// instruction set that has fused multiply-add.
// sources: native/kernels/*.cc
#include <cstdio>

#include "attention_model.h"
#include "check.h"
#include "thread_pool.h"

namespace espalier::test {
namespace {

Outputs Compute(const AttentionModel& model, const Forest& forest, uint64_t layout_seed,
                const KernelSet& set, const ParallelFor& parallel) {
  Random random(layout_seed);
  const Layout layout = LayoutMaker(forest, random).Make();
  Pool pool(model, layout.pages);
  return ComputeLayout(model, forest, layout, pool, KernelOf(set, parallel));
}

void CheckLayouts(uint64_t seed, int32_t tokens, double straight, int layouts) {
  ThreadPool two(2);
  ThreadPool three(3);
  const ParallelFor parallels[] = {{}, two.parallel(), three.parallel()};
  Random random(seed);
  const Forest forest = Forest::Make(random, tokens, straight);
  const AttentionModel model = AttentionModel::Make(random, forest.tokens.size());
  const Outputs first = Compute(model, forest, seed * 1000, BestKernelSet(), {});
  CHECK(!first.rows.empty() || !first.quantized.empty());
  for (int i = 1; i <= layouts; ++i) {
    if (!CHECK(Compute(model, forest, seed * 1000 + i, BestKernelSet(), parallels[i % 3]) ==
               first)) {
      std::fprintf(stderr, "seed %d, layout %d\n", int(seed), i);
    }
  }
}

TEST(RandomCutsOfSmallForestsGiveTheSameBits) {
  for (uint64_t seed = 1; seed <= 150; ++seed) {
    Random random(seed);
    CheckLayouts(seed, random.Range(1, 80), random.Pick<double>({0.5, 0.8, 0.95}), 6);
  }
}

TEST(RandomCutsOfLongPathsGiveTheSameBits) {
  for (uint64_t seed = 200; seed < 206; ++seed) CheckLayouts(seed, 700, 0.99, 3);
}

TEST(InstructionSetsWithFusedProductsGiveTheSameBits) {
  for (uint64_t seed = 300; seed < 330; ++seed) {
    Random random(seed);
    const Forest forest = Forest::Make(random, 60, 0.8);
    const AttentionModel model = AttentionModel::Make(random, forest.tokens.size());
    const Outputs best = Compute(model, forest, seed, BestKernelSet(), {});
    for (const KernelSet* set : AllKernelSets()) {
      const bool fused = set != FindKernelSet(Isa::kBaseline) || BestKernelSet().name == set->name;
      if (fused) CHECK(Compute(model, forest, seed + 1, *set, {}) == best);
    }
  }
}

// The same batch twice must be equal even where the machine's scheduling differs.
TEST(RepeatedRunsGiveTheSameBits) {
  ThreadPool pool(3);
  Random random(400);
  const Forest forest = Forest::Make(random, 300, 0.9);
  const AttentionModel model = AttentionModel::Make(random, forest.tokens.size());
  const Outputs first = Compute(model, forest, 1, BestKernelSet(), pool.parallel());
  for (int i = 0; i < 20; ++i) {
    CHECK(Compute(model, forest, 1, BestKernelSet(), pool.parallel()) == first);
  }
}

TEST(NoRowsIsFine) {
  Random random(1);
  const AttentionModel model = AttentionModel::Make(random, 0);
  Layout layout;
  layout.pages = 1;
  layout.steps.emplace_back();
  Pool pool(model, 1);
  const Outputs outputs = ComputeLayout(model, {}, layout, pool, KernelOf(BestKernelSet(), {}));
  CHECK(outputs.rows.empty() && outputs.quantized.empty());
}

}  // namespace
}  // namespace espalier::test

int main() { return espalier::test::RunTests(); }
