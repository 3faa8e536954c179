// The custom ops inside ONNX Runtime against the scalar oracles, in both forms, on 1 to 3 threads;
// and what a session does after a step that an op refuses.
// sources: native/ort/*.cc native/kernels/*.cc
#include <algorithm>
#include <cmath>

#include "check.h"
#include "kernels/elementwise_scalar.h"
#include "kernels/tree_attention_scalar.h"
#include "ort_fixture.h"
#include "random.h"

namespace espalier::test {
namespace {

constexpr int32_t kVocabulary = 40;
constexpr int32_t kHeads = 4;
constexpr int32_t kKvHeads = 2;
constexpr int32_t kHeadDim = 16;
constexpr int32_t kWidth = (kHeads + 2 * kKvHeads) * kHeadDim;
constexpr int32_t kOut = kHeads * kHeadDim;
constexpr int32_t kPages = 8;

OrtModel Model(const std::string& path, int head_width, bool has_logit_scale, int threads) {
  OrtModel model;
  model.model_path = path;
  model.output_name = "logits";
  model.has_logit_scale = has_logit_scale;
  model.head_width = head_width;
  model.kv = {1, kKvHeads, kHeadDim, kPages};
  model.threads = threads;
  return model;
}

OrtForward Open(const std::string& path, int head_width, bool has_logit_scale, int threads) {
  return OrtForward(Runtime::Open(LibraryPath()),
                    Model(path, head_width, has_logit_scale, threads));
}

// A graph begins with `x` = row of a table per token, and in int8 its scale.
struct Table {
  int32_t width;
  std::vector<float> rows;    // [kVocabulary, width]
  std::vector<float> scales;  // [kVocabulary]

  Table(Random& random, int32_t columns, float range)
      : width(columns),
        rows(random.Floats(size_t(kVocabulary) * columns, -range, range)),
        scales(random.Floats(kVocabulary, 0.002f, 0.006f)) {}

  OnnxGraph& AddTo(OnnxGraph& graph) const {
    graph.Constant("table", OnnxType::kFloat, {kVocabulary, width}, rows);
    graph.Constant("scales", OnnxType::kFloat, {kVocabulary}, scales);
    graph.Node("", "Gather", {"table", "input_ids"}, {"x"});
    return graph.Node("", "Gather", {"scales", "input_ids"}, {"x_scale"});
  }
  std::vector<float> RowsOf(const std::vector<int64_t>& ids) const {
    std::vector<float> out;
    for (const int64_t id : ids)
      out.insert(out.end(), &rows[id * width], &rows[id * width] + width);
    return out;
  }
  std::vector<float> ScalesOf(const std::vector<int64_t>& ids) const {
    std::vector<float> out;
    for (const int64_t id : ids) out.push_back(scales[id]);
    return out;
  }
};

// Ends a graph whose op gave `out` [T, width] and, in int8, `out_scale` [T].
std::string Finish(OnnxGraph& graph, const std::string& file, int32_t width, bool is_int8) {
  if (is_int8) {
    graph.Node("", "Gather", {"out", "output_rows"}, {"bytes"});
    graph.Node("", "Cast", {"bytes"}, {"logits"}, {{"to", 1}});
    graph.Node("", "Gather", {"out_scale", "output_rows"}, {"logit_scale"});
    graph.Output("logit_scale", OnnxType::kFloat, {-1});
  } else {
    graph.Node("", "Gather", {"out", "output_rows"}, {"logits"});
  }
  return graph.Output("logits", OnnxType::kFloat, {-1, width}).Write(TemporaryFile(file));
}

// Every head output against the oracle's rows: exact for bytes but for roundings at a tie.
void CheckFp32(const ForwardOutput& output, const std::vector<float>& expected, double tolerance) {
  for (size_t i = 0; i < expected.size(); ++i) {
    CHECK(std::abs(double(output.logits[i]) - expected[i]) <= tolerance);
  }
}

void CheckInt8(const ForwardOutput& output, const std::vector<uint8_t>& expected,
               const std::vector<float>& scales) {
  CHECK(output.logit_scale != nullptr);
  size_t different = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    const double distance = std::abs(double(output.logits[i]) - expected[i]);
    CHECK(distance <= 1.0);
    different += distance > 0.0;
  }
  CHECK(different <= expected.size() / 100);
  for (size_t i = 0; i < scales.size(); ++i) {
    CHECK(std::abs(double(output.logit_scale[i]) - scales[i]) <= 1e-5 * scales[i]);
  }
}

struct AttentionWeights {
  std::vector<float> inv_freq, bias, q_norm, k_norm;
  explicit AttentionWeights(Random& random)
      : bias(random.Floats(kWidth, -0.5f, 0.5f)),
        q_norm(random.Floats(kHeadDim, 0.5f, 1.5f)),
        k_norm(random.Floats(kHeadDim, 0.5f, 1.5f)) {
    for (int32_t d = 0; d < kHeadDim / 2; ++d) {
      inv_freq.push_back(std::pow(10000.0f, -2.0f * d / kHeadDim));
    }
  }
};

std::string AttentionGraph(const Table& table, const AttentionWeights& weights, bool is_int8,
                           bool has_bias, bool has_norms) {
  OnnxGraph graph(1, kKvHeads, kHeadDim);
  table.AddTo(graph);
  graph.Constant("inv_freq", OnnxType::kFloat, {kHeadDim / 2}, weights.inv_freq);
  graph.Constant("bias", OnnxType::kFloat, {kWidth}, weights.bias);
  graph.Constant("q_norm", OnnxType::kFloat, {kHeadDim}, weights.q_norm);
  graph.Constant("k_norm", OnnxType::kFloat, {kHeadDim}, weights.k_norm);
  graph.Node(
      "espalier", "TreeAttention",
      {"x", "positions", "slots", "spans", "key_cache.0", "value_cache.0", "inv_freq",
       is_int8 ? "x_scale" : "", has_bias ? "bias" : "", has_norms ? "q_norm" : "",
       has_norms ? "k_norm" : ""},
      is_int8 ? std::vector<std::string>{"out", "out_scale"} : std::vector<std::string>{"out"},
      {{"heads", kHeads},
       {"kv_heads", kKvHeads},
       {"head_dim", kHeadDim},
       {"attention_factor", 1.0f},
       {"norm_epsilon", 1e-6f}});
  return Finish(graph, "attention.onnx", kOut, is_int8);
}

// A prompt of 19 tokens, then three branches of one token on it, each on a page of its own.
std::vector<Step> TreeSteps(Random& random) {
  std::vector<int64_t> prompt(19);
  for (int64_t& id : prompt) id = random.Range(0, kVocabulary - 1);
  std::vector<Step> steps{Step::Prefill(prompt), {}};
  Step& decode = steps[1];
  decode.spans.push_back({0, 19, 0, 3, 0});
  for (int32_t branch = 0; branch < 3; ++branch) {
    decode.ids.push_back(random.Range(0, kVocabulary - 1));
    decode.positions.push_back(19);
    decode.slots.push_back(32 + 16 * branch);
    decode.spans.push_back({32 + 16 * branch, 1, branch, branch + 1, 1});
    decode.output_rows.push_back(branch);
  }
  return steps;
}

TEST(TreeAttentionMatchesTheOracle) {
  Random random(1);
  const AttentionWeights weights(random);
  for (const bool is_int8 : {false, true}) {
    const Table table(random, kWidth, is_int8 ? 400.0f : 2.0f);
    for (int variant = 0; variant < 4; ++variant) {
      const bool has_bias = variant % 2 == 1;
      const bool has_norms = variant / 2 == 1;
      const std::string path = AttentionGraph(table, weights, is_int8, has_bias, has_norms);
      OrtForward forward = Open(path, kOut, is_int8, 1 + variant % 3);
      std::vector<float> keys(kKvHeads * kPages * kHeadDim * kPageSlots);
      std::vector<float> values(keys.size());
      for (const Step& step : TreeSteps(random)) {
        const ForwardOutput output = forward.Run(step.input());
        const size_t rows = step.ids.size();
        const std::vector<float> qkv = table.RowsOf(step.ids);
        const std::vector<float> scale = table.ScalesOf(step.ids);
        std::vector<int32_t> lengths(rows);
        CHECK(!MeasureRows(step.spans.data(), step.spans.size(), int32_t(rows), kPages * kPageSlots,
                           lengths.data()));
        std::vector<float> out(rows * kOut);
        std::vector<uint8_t> bytes(rows * kOut);
        std::vector<float> out_scale(rows);
        TreeAttentionArgs args;
        args.rows = int32_t(rows);
        args.heads = kHeads;
        args.kv_heads = kKvHeads;
        args.head_dim = kHeadDim;
        args.pages = kPages;
        args.span_count = int32_t(step.spans.size());
        args.qkv = qkv.data();
        args.row_scale = is_int8 ? scale.data() : nullptr;
        args.positions = step.positions.data();
        args.slots = step.slots.data();
        args.spans = step.spans.data();
        args.row_lengths = lengths.data();
        args.inv_freq = weights.inv_freq.data();
        args.qkv_bias = has_bias ? weights.bias.data() : nullptr;
        args.q_norm = has_norms ? weights.q_norm.data() : nullptr;
        args.k_norm = has_norms ? weights.k_norm.data() : nullptr;
        args.key_cache = keys.data();
        args.value_cache = values.data();
        args.out = is_int8 ? nullptr : out.data();
        args.quantized = is_int8 ? bytes.data() : nullptr;
        args.out_scale = is_int8 ? out_scale.data() : nullptr;
        TreeAttentionScalar(args);
        if (is_int8) {
          CheckInt8(output, bytes, out_scale);
        } else {
          CheckFp32(output, out, 1e-5);
        }
      }
      // Written in place: the pool holds what the oracle wrote.
      for (size_t i = 0; i < keys.size(); ++i) {
        CHECK(std::abs(forward.kv_pool().key_cache(0)[i] - keys[i]) <= 1e-5f);
        CHECK(std::abs(forward.kv_pool().value_cache(0)[i] - values[i]) <= 1e-5f);
      }
    }
  }
}

TEST(SwiGluMatchesTheOracle) {
  Random random(2);
  constexpr int32_t kInner = 96;
  for (const bool is_int8 : {false, true}) {
    const Table table(random, 2 * kInner, is_int8 ? 400.0f : 3.0f);
    for (const int block : {0, 32}) {
      OnnxGraph graph(1, kKvHeads, kHeadDim);
      table.AddTo(graph);
      std::vector<std::string> inputs{"x"};
      std::vector<std::string> outputs{"out"};
      if (is_int8) inputs.push_back("x_scale");
      if (is_int8) outputs.push_back("out_scale");
      graph.Node("espalier", "SwiGLU", inputs, outputs, {{"hadamard_block", block}});
      OrtForward forward = Open(Finish(graph, "swiglu.onnx", kInner, is_int8), kInner, is_int8, 2);
      const Step step = Step::Prefill({3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5});
      const ForwardOutput output = forward.Run(step.input());
      const size_t rows = step.ids.size();
      const std::vector<float> x = table.RowsOf(step.ids);
      const std::vector<float> scale = table.ScalesOf(step.ids);
      std::vector<float> out(rows * kInner);
      std::vector<uint8_t> bytes(rows * kInner);
      std::vector<float> out_scale(rows);
      SwiGluArgs args;
      args.rows = int32_t(rows);
      args.inner = kInner;
      args.hadamard_block = block;
      args.x = x.data();
      args.row_scale = is_int8 ? scale.data() : nullptr;
      args.out = is_int8 ? nullptr : out.data();
      args.quantized = is_int8 ? bytes.data() : nullptr;
      args.out_scale = is_int8 ? out_scale.data() : nullptr;
      SwiGluScalar(args);
      if (is_int8) {
        CheckInt8(output, bytes, out_scale);
      } else {
        CheckFp32(output, out, 1e-5);
      }
    }
  }
}

// The graph's `logits` are the new residual when `reads_residual`, else the quantised rows.
TEST(AddNormQuantizeMatchesTheOracle) {
  Random random(3);
  constexpr int32_t kHidden = 48;
  const Table table(random, kHidden, 2.0f);
  for (const int form : {0, 1, 2}) {  // alone, with delta, with delta and its scale
    for (const bool reads_residual : {false, true}) {
      OnnxGraph graph(1, kKvHeads, kHeadDim);
      table.AddTo(graph);
      graph.Node("", "Neg", {"x"}, {"negative"});
      std::vector<std::string> inputs{"x"};
      if (form > 0) inputs.push_back("negative");
      if (form > 1) inputs.push_back("x_scale");
      graph.Node(
          "espalier", "AddNormQuantize", inputs,
          {reads_residual ? "out" : "next", reads_residual ? "bytes_unused" : "out", "out_scale"},
          {{"norm_epsilon", 1e-5f}});
      const std::string path = Finish(graph, "norm.onnx", kHidden, !reads_residual);
      OrtForward forward = Open(path, kHidden, !reads_residual, 2);
      const Step step = Step::Prefill({2, 7, 1, 8, 2, 8, 1, 8, 2, 8});
      const ForwardOutput output = forward.Run(step.input());
      const size_t rows = step.ids.size();
      const std::vector<float> x = table.RowsOf(step.ids);
      std::vector<float> delta = x;
      for (float& value : delta) value = -value;
      const std::vector<float> scale = table.ScalesOf(step.ids);
      std::vector<float> next(rows * kHidden);
      std::vector<uint8_t> bytes(rows * kHidden);
      std::vector<float> out_scale(rows);
      AddNormQuantizeArgs args;
      args.rows = int32_t(rows);
      args.hidden = kHidden;
      args.residual = x.data();
      args.delta = form > 0 ? delta.data() : nullptr;
      args.delta_scale = form > 1 ? scale.data() : nullptr;
      args.norm_epsilon = 1e-5f;
      args.next = next.data();
      args.quantized = bytes.data();
      args.out_scale = out_scale.data();
      AddNormQuantizeScalar(args);
      if (reads_residual) {
        CheckFp32(output, next, 1e-6);
      } else {
        CheckInt8(output, bytes, out_scale);
      }
    }
  }
}

TEST(RefusedStepsLeaveTheSessionUsable) {
  Random random(4);
  const AttentionWeights weights(random);
  const Table table(random, kWidth, 2.0f);
  OrtForward forward = Open(AttentionGraph(table, weights, false, false, false), kOut, false, 2);
  const Step good = Step::Prefill({1, 2, 3, 4});
  const float first = forward.Run(good.input()).logits[0];
  const auto refused = [&](const std::string& part, const std::function<void(Step&)>& spoil) {
    Step bad = good;
    spoil(bad);
    const std::string message = MessageOf([&] { forward.Run(bad.input()); });
    CHECK(Contains(message, part));
    CHECK(forward.Run(good.input()).logits[0] == first);
  };
  refused("position", [](Step& step) { step.positions.pop_back(); });
  refused("slot", [](Step& step) { step.slots[2] = kPages * kPageSlots; });
  refused("slot", [](Step& step) { step.slots[2] = -1; });
  refused("span", [](Step& step) { step.spans[0].row_end = 9; });
  refused("span", [](Step& step) { step.spans[0].kv_start = kPages * kPageSlots; });
  refused("indices", [](Step& step) { step.ids[1] = kVocabulary; });
  refused("indices", [](Step& step) { step.output_rows[0] = 4; });
  refused("rows", [](Step& step) { step.ids.clear(); });
}

TEST(WrongTensorsAreNamed) {
  Random random(5);
  const AttentionWeights weights(random);
  const Table narrow(random, kWidth - 16, 2.0f);
  const Step step = Step::Prefill({1, 2});
  OrtForward forward = Open(AttentionGraph(narrow, weights, false, false, false), kOut, false, 1);
  const std::string message = MessageOf([&] { forward.Run(step.input()); });
  CHECK(
      Contains(message, "TreeAttention: expected `qkv` to be float [?, 128], got float [2, 112]"));

  const auto swiglu = [&](int32_t width, const std::string& row_scale, bool has_out_scale) {
    OnnxGraph graph(1, kKvHeads, kHeadDim);
    Table(random, width, 2.0f).AddTo(graph);
    graph.Node("", "Cast", {"x_scale"}, {"x_flag"}, {{"to", 9}});
    std::vector<std::string> outputs{"out"};
    if (has_out_scale) outputs.push_back("out_scale");
    graph.Node("espalier", "SwiGLU", {"x", row_scale}, outputs, {{"hadamard_block", 0}});
    graph.Node("", "Cast", {"out"}, {"logits"}, {{"to", 1}});
    graph.Output("logits", OnnxType::kFloat, {-1, width / 2});
    OrtForward forward = Open(graph.Write(TemporaryFile("swiglu.onnx")), width / 2, false, 1);
    return MessageOf([&] { forward.Run(step.input()); });
  };
  CHECK(swiglu(32, "", false).empty());
  CHECK(swiglu(32, "x_scale", true).empty());
  CHECK(Contains(swiglu(33, "", false), "SwiGLU: expected `x` to have an even number of columns"));
  CHECK(Contains(swiglu(40, "", false), "SwiGLU: "));
  CHECK(Contains(swiglu(32, "x_scale", false),
                 "SwiGLU: expected the graph to use output `out_scale`"));
  CHECK(
      Contains(swiglu(32, "x_flag", false), "expected `row_scale` to be float [2], got bool [2]"));
}

}  // namespace
}  // namespace espalier::test

int main() { return espalier::test::RunTests(); }
