// One attention layer's weights and a forest's inputs, and a way to compute a layout of the forest
// on any kernel: the results are kept per token, so that layouts can be compared.
#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <new>
#include <vector>

#include "kernels/kernel_set.h"
#include "kernels/tree_attention_scalar.h"
#include "token_forest.h"

namespace espalier::test {

// Memory aligned to 64 bytes, filled with a pattern that no result may show.
class AlignedBytes {
 public:
  explicit AlignedBytes(size_t size)
      : size_(size), data_(::operator new(size + 1, std::align_val_t{64})) {
    std::fill_n(static_cast<unsigned char*>(data_), size_, 0xff);
  }
  ~AlignedBytes() { ::operator delete(data_, std::align_val_t{64}); }
  AlignedBytes(const AlignedBytes&) = delete;
  AlignedBytes& operator=(const AlignedBytes&) = delete;
  void* data() { return data_; }

 private:
  size_t size_;
  void* data_;
};

struct AttentionModel {
  int32_t heads;
  int32_t kv_heads;
  int32_t head_dim;
  float attention_factor;
  std::vector<float> inv_freq;   // [D / 2]
  std::vector<float> bias;       // [width] or empty
  std::vector<float> q_norm;     // [D] or empty
  std::vector<float> k_norm;     // [D] or empty
  std::vector<float> qkv;        // [tokens, width]
  std::vector<float> row_scale;  // [tokens] or empty

  int32_t width() const { return (heads + 2 * kv_heads) * head_dim; }

  static AttentionModel Make(Random& random, size_t tokens) {
    AttentionModel model;
    model.kv_heads = random.Range(1, 3);
    model.heads = model.kv_heads * random.Range(1, 8);
    model.head_dim = random.Pick<int32_t>({32, 48, 64, 64, 80, 96, 128});
    model.attention_factor = random.Chance(0.2) ? 1.2f : 1.0f;
    for (int32_t d = 0; d < model.head_dim / 2; ++d) {
      model.inv_freq.push_back(std::pow(10000.0f, -2.0f * d / model.head_dim));
    }
    if (random.Chance(0.3)) model.bias = random.Floats(model.width(), -0.5f, 0.5f);
    if (random.Chance(0.3)) model.q_norm = random.Floats(model.head_dim, 0.5f, 1.5f);
    if (random.Chance(0.3)) model.k_norm = random.Floats(model.head_dim, 0.5f, 1.5f);
    const bool scaled = random.Chance(0.3);
    const float range = scaled ? 400.0f : 2.0f;
    model.qkv = random.Floats(tokens * model.width(), -range, range);
    if (scaled) model.row_scale = random.Floats(tokens, 0.002f, 0.006f);
    return model;
  }
};

// The pool of one layer, full of NaN: a kernel that lets a slot outside the path count shows it.
struct Pool {
  std::vector<float> keys;
  std::vector<float> values;
  explicit Pool(const AttentionModel& model, int32_t pages) {
    const size_t size = size_t(model.kv_heads) * pages * model.head_dim * kPageSlots;
    keys.assign(size, std::numeric_limits<float>::quiet_NaN());
    values.assign(size, std::numeric_limits<float>::quiet_NaN());
  }
};

// What a forest's tokens came to, by token.
struct Outputs {
  std::vector<float> rows;         // [tokens, heads * D], fp32
  std::vector<uint8_t> quantized;  // [tokens, heads * D], int8
  std::vector<float> scales;       // [tokens], int8
  bool operator==(const Outputs&) const = default;
};

using AttentionFunction = std::function<void(const TreeAttentionArgs&)>;

// Computes all steps of a layout and returns each token's output.
inline Outputs ComputeLayout(const AttentionModel& model, const Forest& forest,
                             const Layout& layout, Pool& pool, const AttentionFunction& function,
                             int32_t first_position = 0) {
  const size_t tokens = forest.tokens.size();
  const size_t out_width = size_t(model.heads) * model.head_dim;
  const bool scaled = !model.row_scale.empty();
  Outputs outputs;
  (scaled ? outputs.scales : outputs.rows).assign(scaled ? tokens : tokens * out_width, 0.0f);
  if (scaled) outputs.quantized.assign(tokens * out_width, 0);
  for (const Step& step : layout.steps) {
    const int32_t rows = static_cast<int32_t>(step.tokens.size());
    std::vector<float> qkv;
    std::vector<float> scale;
    std::vector<int32_t> positions;
    for (const int32_t token : step.tokens) {
      const auto from = model.qkv.begin() + ptrdiff_t(token) * model.width();
      qkv.insert(qkv.end(), from, from + model.width());
      positions.push_back(first_position + forest.tokens[token].position);
      if (scaled) scale.push_back(model.row_scale[token]);
    }
    std::vector<float> out(rows * out_width);
    std::vector<uint8_t> quantized(rows * out_width);
    std::vector<float> out_scale(rows);
    std::vector<int32_t> lengths(rows);
    const int64_t slot_count = int64_t{layout.pages} * kPageSlots;
    if (MeasureRows(step.spans.data(), step.spans.size(), rows, slot_count, lengths.data()) ||
        CheckSlots(step.slots.data(), rows, slot_count)) {
      return {};
    }
    TreeAttentionArgs args;
    args.rows = rows;
    args.heads = model.heads;
    args.kv_heads = model.kv_heads;
    args.head_dim = model.head_dim;
    args.pages = layout.pages;
    args.span_count = static_cast<int32_t>(step.spans.size());
    args.qkv = qkv.data();
    args.row_scale = scaled ? scale.data() : nullptr;
    args.positions = positions.data();
    args.slots = step.slots.data();
    args.spans = step.spans.data();
    args.row_lengths = lengths.data();
    args.inv_freq = model.inv_freq.data();
    args.qkv_bias = model.bias.empty() ? nullptr : model.bias.data();
    args.q_norm = model.q_norm.empty() ? nullptr : model.q_norm.data();
    args.k_norm = model.k_norm.empty() ? nullptr : model.k_norm.data();
    args.attention_factor = model.attention_factor;
    args.key_cache = pool.keys.data();
    args.value_cache = pool.values.data();
    args.out = scaled ? nullptr : out.data();
    args.quantized = scaled ? quantized.data() : nullptr;
    args.out_scale = scaled ? out_scale.data() : nullptr;
    if (CheckTreeAttention(args)) return {};
    function(args);
    for (int32_t row = 0; row < rows; ++row) {
      const size_t to = size_t(step.tokens[row]) * out_width;
      if (scaled) {
        outputs.scales[step.tokens[row]] = out_scale[row];
        std::copy_n(&quantized[row * out_width], out_width, &outputs.quantized[to]);
      } else {
        std::copy_n(&out[row * out_width], out_width, &outputs.rows[to]);
      }
    }
  }
  return outputs;
}

// A kernel set's attention, run on `parallel`.
inline AttentionFunction KernelOf(const KernelSet& set, const ParallelFor& parallel) {
  return [&set, parallel](const TreeAttentionArgs& args) {
    const size_t bytes =
        PlanTreeAttention(args, parallel.workers, set.score_queries, nullptr).bytes;
    AlignedBytes scratch(bytes);
    const TreeAttentionPlan plan =
        PlanTreeAttention(args, parallel.workers, set.score_queries, scratch.data());
    set.tree_attention(args, plan, parallel);
  };
}

// The sets that this CPU runs.
inline std::vector<const KernelSet*> AllKernelSets() {
  std::vector<const KernelSet*> sets;
  for (const Isa isa : {Isa::kBaseline, Isa::kAvx2, Isa::kAvx512}) {
    if (const KernelSet* set = FindKernelSet(isa)) sets.push_back(set);
  }
  return sets;
}

}  // namespace espalier::test
