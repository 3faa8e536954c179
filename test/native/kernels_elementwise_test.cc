// SwiGLU, AddNormQuantize, the Hadamard transform, row quantisation and the checks of spans and
// sizes: against their scalar oracles, row by row, and on inputs that must be refused.
// sources: native/kernels/*.cc
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "attention_model.h"
#include "check.h"
#include "kernels/elementwise_scalar.h"
#include "kernels/hadamard.h"
#include "kernels/quantize.h"
#include "random.h"
#include "thread_pool.h"

namespace espalier::test {
namespace {

// What an elementwise kernel wrote; buffers that it does not write stay empty.
struct Rows {
  std::vector<float> floats;
  std::vector<uint8_t> bytes;
  std::vector<float> scales;
  bool operator==(const Rows&) const = default;
};

// Floats within a tolerance relative to the largest; bytes within one step, nearly all equal.
void CheckClose(const Rows& got, const Rows& expected, float tolerance) {
  if (!CHECK(got.floats.size() == expected.floats.size())) return;
  float largest = 0.0f;
  for (const float value : expected.floats) largest = std::max(largest, std::fabs(value));
  for (size_t i = 0; i < got.floats.size(); ++i) {
    if (!CHECK(std::fabs(got.floats[i] - expected.floats[i]) <= tolerance * largest)) return;
  }
  for (size_t i = 0; i < got.scales.size(); ++i) {
    CHECK(std::fabs(got.scales[i] - expected.scales[i]) <= tolerance * expected.scales[i]);
  }
  size_t unequal = 0;
  for (size_t i = 0; i < got.bytes.size(); ++i) {
    const int difference = std::abs(int(got.bytes[i]) - int(expected.bytes[i]));
    if (!CHECK(difference <= 1)) return;
    unequal += difference != 0 ? 1 : 0;
  }
  CHECK(unequal * 500 <= got.bytes.size());
}

struct SwiGluCase {
  int32_t inner;
  int32_t block;
  std::vector<float> x;          // [T, 2 * inner]
  std::vector<float> row_scale;  // [T] or empty

  static SwiGluCase Make(Random& random, int32_t rows) {
    SwiGluCase made;
    made.block = random.Pick<int32_t>({0, 2, 4, 8, 16, 32, 64, 128, 256, 512});
    made.inner = std::max(made.block, 16) * random.Range(1, 4);
    const bool scaled = random.Chance(0.6);
    const float range = scaled ? 2000.0f : 8.0f;
    made.x = random.Floats(size_t(rows) * 2 * made.inner, -range, range);
    if (scaled) made.row_scale = random.Floats(rows, 0.001f, 0.006f);
    return made;
  }

  // Rows [begin, end) of the case.
  template <typename Function>
  Rows Run(int32_t begin, int32_t end, const Function& function) const {
    Rows out;
    SwiGluArgs args;
    args.rows = end - begin;
    args.inner = inner;
    args.hadamard_block = block;
    args.x = x.data() + size_t(begin) * 2 * inner;
    const size_t size = size_t(args.rows) * inner;
    if (row_scale.empty()) {
      out.floats.resize(size);
      args.out = out.floats.data();
    } else {
      out.bytes.resize(size);
      out.scales.resize(args.rows);
      args.row_scale = row_scale.data() + begin;
      args.quantized = out.bytes.data();
      args.out_scale = out.scales.data();
    }
    CHECK(!CheckSwiGlu(args));
    function(args);
    return out;
  }
};

auto SwiGluOn(const KernelSet& set, const ParallelFor& parallel) {
  return [&set, parallel](const SwiGluArgs& args) {
    AlignedBytes scratch(SwiGluScratchBytes(args, parallel.workers));
    set.swiglu(args, parallel, scratch.data());
  };
}

TEST(SwiGluMatchesTheOracle) {
  for (const KernelSet* set : AllKernelSets()) {
    for (uint64_t seed = 0; seed < 100; ++seed) {
      Random random(seed);
      const int32_t rows = random.Range(1, 12);
      const SwiGluCase made = SwiGluCase::Make(random, rows);
      CheckClose(made.Run(0, rows, SwiGluOn(*set, {})), made.Run(0, rows, SwiGluScalar), 5e-6f);
    }
  }
}

template <typename Case, typename On>
void CheckRowsAlone(const Case& made, int32_t rows, const On& on) {
  ThreadPool pool(3);
  const Rows together = made.Run(0, rows, on({}));
  CHECK(made.Run(0, rows, on(pool.parallel())) == together);
  const int32_t cut = rows / 3;
  Rows joined = made.Run(0, cut, on(pool.parallel()));
  const Rows rest = made.Run(cut, rows, on({}));
  joined.floats.insert(joined.floats.end(), rest.floats.begin(), rest.floats.end());
  joined.bytes.insert(joined.bytes.end(), rest.bytes.begin(), rest.bytes.end());
  joined.scales.insert(joined.scales.end(), rest.scales.begin(), rest.scales.end());
  CHECK(joined == together);
}

TEST(SwiGluRowsAreIndependent) {
  for (uint64_t seed = 0; seed < 60; ++seed) {
    Random random(seed);
    const int32_t rows = random.Range(1, 70);
    CheckRowsAlone(SwiGluCase::Make(random, rows), rows,
                   [](const ParallelFor& parallel) { return SwiGluOn(BestKernelSet(), parallel); });
  }
}

TEST(SwiGluSaturatesQuietly) {
  SwiGluCase made{16, 0, std::vector<float>(32, 1.0f), {}};
  const float gates[] = {-1e30f, -200.0f, -88.0f, -20.0f, 0.0f, 20.0f, 200.0f, 1e30f};
  std::copy_n(gates, 8, made.x.begin());
  for (const KernelSet* set : AllKernelSets()) {
    const Rows out = made.Run(0, 1, SwiGluOn(*set, {}));
    for (int i = 0; i < 8; ++i) {
      const float expected = gates[i] < 0 ? gates[i] * std::exp(gates[i]) : gates[i];
      CHECK(std::fabs(out.floats[i] - expected) <= 1e-6f * std::max(1.0f, std::fabs(gates[i])));
      CHECK(std::isfinite(out.floats[i]));
    }
  }
}

struct AddNormCase {
  int32_t hidden;
  std::vector<float> residual;     // [T, H]
  std::vector<float> delta;        // [T, H] or empty
  std::vector<float> delta_scale;  // [T] or empty

  static AddNormCase Make(Random& random, int32_t rows) {
    AddNormCase made;
    made.hidden = 16 * random.Range(1, 40);
    made.residual = random.Floats(size_t(rows) * made.hidden, -3.0f, 3.0f);
    if (random.Chance(0.7)) {
      const bool scaled = random.Chance(0.7);
      const float range = scaled ? 500.0f : 1.0f;
      made.delta = random.Floats(size_t(rows) * made.hidden, -range, range);
      if (scaled) made.delta_scale = random.Floats(rows, 0.001f, 0.004f);
    }
    return made;
  }

  template <typename Function>
  Rows Run(int32_t begin, int32_t end, const Function& function) const {
    const size_t first = size_t(begin) * hidden;
    const size_t size = size_t(end - begin) * hidden;
    Rows out;
    // In place, as the graph may have it.
    out.floats.assign(residual.begin() + first, residual.begin() + first + size);
    out.bytes.resize(size);
    out.scales.resize(end - begin);
    AddNormQuantizeArgs args;
    args.rows = end - begin;
    args.hidden = hidden;
    args.residual = out.floats.data();
    args.delta = delta.empty() ? nullptr : delta.data() + first;
    args.delta_scale = delta_scale.empty() ? nullptr : delta_scale.data() + begin;
    args.norm_epsilon = 1e-5f;
    args.next = out.floats.data();
    args.quantized = out.bytes.data();
    args.out_scale = out.scales.data();
    CHECK(!CheckAddNormQuantize(args));
    function(args);
    return out;
  }
};

auto AddNormOn(const KernelSet& set, const ParallelFor& parallel) {
  return
      [&set, parallel](const AddNormQuantizeArgs& args) { set.add_norm_quantize(args, parallel); };
}

TEST(AddNormQuantizeMatchesTheOracle) {
  for (const KernelSet* set : AllKernelSets()) {
    for (uint64_t seed = 0; seed < 100; ++seed) {
      Random random(seed);
      const int32_t rows = random.Range(1, 12);
      const AddNormCase made = AddNormCase::Make(random, rows);
      CheckClose(made.Run(0, rows, AddNormOn(*set, {})), made.Run(0, rows, AddNormQuantizeScalar),
                 2e-6f);
    }
  }
}

TEST(AddNormQuantizeRowsAreIndependent) {
  for (uint64_t seed = 0; seed < 60; ++seed) {
    Random random(seed);
    const int32_t rows = random.Range(1, 70);
    CheckRowsAlone(AddNormCase::Make(random, rows), rows, [](const ParallelFor& parallel) {
      return AddNormOn(BestKernelSet(), parallel);
    });
  }
}

TEST(ElementwiseKernelsGiveTheSameBitsOnEveryFusedSet) {
  for (const KernelSet* set : AllKernelSets()) {
    if (set == FindKernelSet(Isa::kBaseline)) continue;
    for (uint64_t seed = 0; seed < 40; ++seed) {
      Random random(seed);
      const SwiGluCase swiglu = SwiGluCase::Make(random, 9);
      CHECK(swiglu.Run(0, 9, SwiGluOn(*set, {})) ==
            swiglu.Run(0, 9, SwiGluOn(BestKernelSet(), {})));
      const AddNormCase norm = AddNormCase::Make(random, 9);
      CHECK(norm.Run(0, 9, AddNormOn(*set, {})) == norm.Run(0, 9, AddNormOn(BestKernelSet(), {})));
    }
  }
}

TEST(EmptyAndWildRowsStayFinite) {
  const float kNan = std::numeric_limits<float>::quiet_NaN();
  const float kInfinity = std::numeric_limits<float>::infinity();
  for (const KernelSet* set : AllKernelSets()) {
    AddNormCase made{32, std::vector<float>(4 * 32, 0.0f), {}, {}};
    made.residual[32] = 1e-38f;
    made.residual[64] = kNan;
    made.residual[96] = kInfinity;
    const Rows out = made.Run(0, 4, AddNormOn(*set, {}));
    for (int i = 0; i < 64; ++i) CHECK(out.bytes[i] == kQuantizedZero);
    CHECK(out.scales[0] == 0.0f && out.scales[1] == 0.0f);
    for (const uint8_t byte : out.bytes) CHECK(byte >= 1 && byte <= 127);
    CHECK(made.Run(0, 0, AddNormOn(*set, {})).bytes.empty());
    SwiGluCase zeros{64, 64, std::vector<float>(128, 0.0f), {1.0f}};
    const Rows activated = zeros.Run(0, 1, SwiGluOn(*set, {}));
    CHECK(activated.scales[0] == 0.0f && activated.bytes[5] == kQuantizedZero);
    CHECK(zeros.Run(0, 0, SwiGluOn(*set, {})).bytes.empty());
  }
}

TEST(QuantisationRoundsHalfToEven) {
  const int32_t expected[] = {127, 64, 66, 66, 62, 1, 64, 65};
  const float values[] = {63.0f, 0.5f, 1.5f, 2.5f, -1.5f, -63.0f, -0.5f, 0.75f};
  std::vector<float> row(16, 0.0f);
  std::copy_n(values, 8, row.begin());
  std::vector<uint8_t> bytes(16);
  CHECK(QuantizeRowScalar(row.data(), 16, bytes.data()) == 1.0f);
  for (int i = 0; i < 8; ++i) CHECK(bytes[i] == expected[i]);
}

TEST(HadamardIsItsDefinitionAndItsOwnInverse) {
  Random random(7);
  for (const KernelSet* set : AllKernelSets()) {
    for (int32_t block = 2; block <= kMaxHadamardBlock; block *= 2) {
      const int32_t size = std::max(block, 16) * 3;
      const std::vector<float> values = random.Floats(size, -1.0f, 1.0f);
      std::vector<float> expected(size);
      HadamardScalar(values.data(), size, block, expected.data());
      std::vector<float> got = values;
      set->hadamard(got.data(), size, block);
      for (int32_t i = 0; i < size; ++i) CHECK(std::fabs(got[i] - expected[i]) <= 2e-6f);
      set->hadamard(got.data(), size, block);
      for (int32_t i = 0; i < size; ++i) CHECK(std::fabs(got[i] - values[i]) <= 2e-6f);
    }
  }
}

TEST(HadamardOrderIsSylvesters) {
  // Column 5 of H(8), spelt out: (-1)^popcount(i & 5) / sqrt(8).
  std::vector<float> unit(16, 0.0f);
  unit[5] = 1.0f;
  Hadamard(unit.data(), 16, 8);
  const int signs[] = {1, -1, 1, -1, -1, 1, -1, 1};
  for (int i = 0; i < 8; ++i) CHECK(std::fabs(unit[i] - signs[i] * 0.35355339f) <= 1e-6f);
  for (int i = 8; i < 16; ++i) CHECK(unit[i] == 0.0f);
}

bool Refuses(const Span& span, const std::string& word) {
  std::vector<int32_t> lengths(4);
  const InputError error = MeasureRows(&span, 1, 4, 64, lengths.data());
  return error && std::string(error.what).find(word) != std::string::npos;
}

TEST(BadSpansAreRefused) {
  CHECK(Refuses({-1, 4, 0, 1, 0}, "before the first KV slot"));
  CHECK(Refuses({0, 0, 0, 1, 0}, "no KV slot"));
  CHECK(Refuses({0, -5, 0, 1, 0}, "no KV slot"));
  CHECK(Refuses({60, 5, 0, 1, 0}, "past the KV pool"));
  CHECK(Refuses({1, std::numeric_limits<int32_t>::max(), 0, 1, 0}, "past the KV pool"));
  CHECK(Refuses({0, 4, -1, 1, 0}, "before the first row"));
  CHECK(Refuses({0, 4, 2, 2, 0}, "covers no row"));
  CHECK(Refuses({0, 4, 3, 1, 0}, "covers no row"));
  CHECK(Refuses({0, 4, 0, 5, 0}, "past the last row"));
  CHECK(Refuses({0, 4, 0, 1, 2}, "causal flag"));
  CHECK(Refuses({0, 2, 0, 3, 1}, "more rows than"));
  std::vector<int32_t> lengths(4);
  const std::vector<Span> twice = {{0, 40, 0, 4, 0}, {0, 40, 1, 2, 0}};
  const InputError error = MeasureRows(twice.data(), 2, 4, 64, lengths.data());
  CHECK(error && error.index == 1 && std::string(error.what).find("more keys") < 100);
}

TEST(RowLengthsCountTheKeys) {
  const std::vector<Span> spans = {{0, 20, 0, 4, 0}, {32, 3, 0, 3, 1}, {48, 1, 3, 4, 1}};
  std::vector<int32_t> lengths(4);
  CHECK(!MeasureRows(spans.data(), spans.size(), 4, 64, lengths.data()));
  CHECK((lengths == std::vector<int32_t>{21, 22, 23, 21}));
}

TEST(BadSizesAreRefused) {
  const int32_t slots[] = {0, 63, 64};
  CHECK(!CheckSlots(slots, 2, 64));
  CHECK(CheckSlots(slots, 3, 64).index == 2);
  TreeAttentionArgs good;
  good.heads = 6;
  good.kv_heads = 2;
  good.head_dim = 64;
  good.pages = 1;
  CHECK(!CheckTreeAttention(good));
  for (const int32_t dim : {0, 8, 40, 272}) {
    TreeAttentionArgs bad = good;
    bad.head_dim = dim;
    CHECK(CheckTreeAttention(bad));
  }
  TreeAttentionArgs uneven = good;
  uneven.heads = 5;
  CHECK(CheckTreeAttention(uneven));
  TreeAttentionArgs headless = good;
  headless.kv_heads = 0;
  CHECK(CheckTreeAttention(headless));
  CHECK(CheckHadamard(96, 64) && CheckHadamard(96, 3) && CheckHadamard(2048, 1024));
  CHECK(!CheckHadamard(96, 32) && !CheckHadamard(96, 0) && CheckHadamard(40, 8));
  AddNormQuantizeArgs norm;
  norm.hidden = 24;
  CHECK(CheckAddNormQuantize(norm));
}

// The public functions pick a set by themselves.
TEST(PublicFunctionsUseTheBestSet) {
  Random random(9);
  const Forest forest = Forest::Make(random, 40, 0.8);
  const AttentionModel model = AttentionModel::Make(random, forest.tokens.size());
  const Layout layout = LayoutMaker(forest, random).Make();
  Pool one(model, layout.pages);
  Pool two(model, layout.pages);
  const auto attention = [](const TreeAttentionArgs& args) {
    AlignedBytes scratch(TreeAttentionScratchBytes(args, 1));
    TreeAttention(args, {}, scratch.data());
  };
  CHECK(ComputeLayout(model, forest, layout, one, attention) ==
        ComputeLayout(model, forest, layout, two, KernelOf(BestKernelSet(), {})));
  const SwiGluCase swiglu = SwiGluCase::Make(random, 5);
  const auto activate = [](const SwiGluArgs& args) {
    AlignedBytes scratch(SwiGluScratchBytes(args, 1));
    SwiGlu(args, {}, scratch.data());
  };
  CHECK(swiglu.Run(0, 5, activate) == swiglu.Run(0, 5, SwiGluOn(BestKernelSet(), {})));
  const AddNormCase norm = AddNormCase::Make(random, 5);
  const auto add = [](const AddNormQuantizeArgs& args) { AddNormQuantize(args, {}); };
  CHECK(norm.Run(0, 5, add) == norm.Run(0, 5, AddNormOn(BestKernelSet(), {})));
}

}  // namespace
}  // namespace espalier::test

int main() { return espalier::test::RunTests(); }
