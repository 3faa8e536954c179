// What the graphs rely on in ONNX Runtime's own linears: the int8 product is exact, a row depends
// on itself alone whatever the number of rows, and a head without rows is fine.
// sources: native/ort/*.cc native/kernels/*.cc
#include <cmath>
#include <cstring>

#include "check.h"
#include "ort_fixture.h"
#include "random.h"

namespace espalier::test {
namespace {

constexpr int32_t kVocabulary = 300;

struct Linear {
  int32_t inner;  // K
  int32_t outer;  // N
};

OrtForward Open(const std::string& path, const Linear& linear, int threads) {
  OrtModel model;
  model.model_path = path;
  model.output_name = "logits";
  model.head_width = linear.outer;
  model.kv = {1, 1, 16, 1};
  model.threads = threads;
  return OrtForward(Runtime::Open(LibraryPath()), model);
}

struct Int8Weights {
  std::vector<uint8_t> table;   // [kVocabulary, K], 1..127
  std::vector<int8_t> weights;  // [K, N], all of -128..127
  std::vector<float> scales;    // [N]
};

Int8Weights MakeInt8(Random& random, const Linear& linear) {
  Int8Weights made;
  for (int64_t i = 0; i < int64_t{kVocabulary} * linear.inner; ++i) {
    made.table.push_back(uint8_t(random.Chance(0.1) ? 127 : random.Range(1, 127)));
  }
  for (int64_t i = 0; i < int64_t{linear.inner} * linear.outer; ++i) {
    made.weights.push_back(int8_t(random.Chance(0.1) ? -128 : random.Range(-128, 127)));
  }
  for (int32_t n = 0; n < linear.outer; ++n) {
    made.scales.push_back(std::ldexp(1.0f, -random.Range(8, 12)));  // products stay exact
  }
  return made;
}

// The rows come first, then the product on all of them, then the choice of output rows; or, with
// `head_first`, the choice before the product, as in the models' heads.
std::string Int8Graph(const Int8Weights& made, const Linear& linear, bool head_first) {
  OnnxGraph graph;
  graph.Constant("table", OnnxType::kUint8, {kVocabulary, linear.inner}, made.table);
  graph.Constant("weights", OnnxType::kInt8, {linear.inner, linear.outer}, made.weights);
  graph.Constant("weight_scale", OnnxType::kFloat, {linear.outer}, made.scales);
  graph.Constant<float>("one", OnnxType::kFloat, {}, {1.0f});
  graph.Constant<uint8_t>("zero_point", OnnxType::kUint8, {}, {64});
  graph.Node("", "Gather", {"table", "input_ids"}, {head_first ? "all" : "a"});
  if (head_first) graph.Node("", "Gather", {"all", "output_rows"}, {"a"});
  graph.Node("com.microsoft", "MatMulIntegerToFloat",
             {"a", "weights", "one", "weight_scale", "zero_point"},
             {head_first ? "logits" : "product"});
  if (!head_first) graph.Node("", "Gather", {"product", "output_rows"}, {"logits"});
  graph.Output("logits", OnnxType::kFloat, {-1, linear.outer});
  return graph.Write(TemporaryFile("int8.onnx"));
}

std::string Fp32Graph(Random& random, const Linear& linear, bool head_first) {
  OnnxGraph graph;
  graph.Constant("table", OnnxType::kFloat, {kVocabulary, linear.inner},
                 random.Floats(size_t(kVocabulary) * linear.inner, -1.0f, 1.0f));
  graph.Constant("weights", OnnxType::kFloat, {linear.inner, linear.outer},
                 random.Floats(size_t(linear.inner) * linear.outer, -1.0f, 1.0f));
  graph.Node("", "Gather", {"table", "input_ids"}, {head_first ? "all" : "a"});
  if (head_first) graph.Node("", "Gather", {"all", "output_rows"}, {"a"});
  graph.Node("", "MatMul", {"a", "weights"}, {head_first ? "logits" : "product"});
  if (!head_first) graph.Node("", "Gather", {"product", "output_rows"}, {"logits"});
  graph.Output("logits", OnnxType::kFloat, {-1, linear.outer});
  return graph.Write(TemporaryFile("fp32.onnx"));
}

// The bits of every token's row, computed alone.
std::vector<float> RowsAlone(OrtForward& forward, int32_t outer) {
  std::vector<float> rows;
  for (int64_t id = 0; id < kVocabulary; ++id) {
    const Step step = Step::Prefill({id});
    const float* logits = forward.Run(step.input()).logits;
    rows.insert(rows.end(), logits, logits + outer);
  }
  return rows;
}

// Rows of steps of `count` random tokens that differ from the same token's row computed alone.
int DifferentRows(OrtForward& forward, const std::vector<float>& alone, Random& random,
                  int32_t count, int32_t outer) {
  std::vector<int64_t> ids(static_cast<size_t>(count));
  for (int64_t& id : ids) id = random.Range(0, kVocabulary - 1);
  const Step step = Step::Prefill(ids);
  const float* logits = forward.Run(step.input()).logits;
  int different = 0;
  for (int32_t row = 0; row < count; ++row) {
    different += std::memcmp(logits + int64_t{row} * outer, &alone[ids[size_t(row)] * outer],
                             size_t(outer) * sizeof(float)) != 0;
  }
  return different;
}

// Linears of small and middling models, and score heads of one and two columns.
const std::vector<Linear> kShapes = {{64, 48}, {96, 200}, {576, 960}, {1536, 576},
                                     {96, 1},  {192, 2},  {576, 1}};

TEST(Int8ProductsAreExact) {
  Random random(11);
  for (const Linear& linear : kShapes) {
    const Int8Weights made = MakeInt8(random, linear);
    OrtForward forward = Open(Int8Graph(made, linear, false), linear, 2);
    for (const int32_t count : {1, 2, 7, 64, 131}) {
      std::vector<int64_t> ids;
      for (int32_t row = 0; row < count; ++row) ids.push_back(random.Range(0, kVocabulary - 1));
      const Step step = Step::Prefill(ids);
      const float* logits = forward.Run(step.input()).logits;
      for (int32_t row = 0; row < count; ++row) {
        for (int32_t n = 0; n < linear.outer; ++n) {
          int64_t sum = 0;
          for (int32_t k = 0; k < linear.inner; ++k) {
            sum += (int64_t{made.table[size_t(ids[size_t(row)] * linear.inner + k)]} - 64) *
                   made.weights[size_t(k) * linear.outer + n];
          }
          CHECK(logits[row * linear.outer + n] == float(sum) * made.scales[size_t(n)]);
        }
      }
    }
  }
}

TEST(Int8RowsDependOnThemselvesAlone) {
  Random random(12);
  for (const Linear& linear : kShapes) {
    const std::string path = Int8Graph(MakeInt8(random, linear), linear, false);
    for (const int threads : {1, 2, 3}) {
      OrtForward forward = Open(path, linear, threads);
      const std::vector<float> alone = RowsAlone(forward, linear.outer);
      for (int32_t count = 1; count <= 300; count += threads == 1 ? 1 : 13) {
        CHECK(DifferentRows(forward, alone, random, count, linear.outer) == 0);
      }
    }
  }
}

TEST(Fp32RowsDependOnThemselvesAlone) {
  Random random(13);
  for (const Linear& linear : kShapes) {
    const std::string path = Fp32Graph(random, linear, false);
    for (const int threads : {1, 2, 3}) {
      OrtForward forward = Open(path, linear, threads);
      const std::vector<float> alone = RowsAlone(forward, linear.outer);
      std::string counts;
      for (int32_t count = 1; count <= 300; count += threads == 1 ? 1 : 13) {
        const int different = DifferentRows(forward, alone, random, count, linear.outer);
        if (!CHECK(different == 0)) counts.append(" ").append(std::to_string(count));
      }
      if (!counts.empty()) {
        std::fprintf(stderr, "K %d N %d threads %d:%s\n", linear.inner, linear.outer, threads,
                     counts.c_str());
      }
    }
  }
}

TEST(HeadsWithoutRowsRun) {
  Random random(14);
  const Linear linear{64, 48};
  const std::string int8 = Int8Graph(MakeInt8(random, linear), linear, true);
  const std::string fp32 = Fp32Graph(random, linear, true);
  for (const std::string& path : {int8, fp32}) {
    OrtForward forward = Open(path, linear, 2);
    const Step full = Step::Prefill({1, 2, 3, 4, 5});
    const float first = forward.Run(full.input()).logits[0];
    Step empty = full;
    empty.output_rows.clear();
    CHECK(MessageOf([&] { forward.Run(empty.input()); }).empty());
    CHECK(forward.Run(full.input()).logits[0] == first);
  }
}

}  // namespace
}  // namespace espalier::test

int main() { return espalier::test::RunTests(); }
