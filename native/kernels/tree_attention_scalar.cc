#include "tree_attention_scalar.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "quantize.h"

namespace espalier {
namespace {

// Head `head` of row `row` of qkv, counting query, key, then value heads: scaled and biased.
std::vector<double> ReadHead(const TreeAttentionArgs& args, int32_t row, int32_t head) {
  const size_t width = size_t(args.heads + 2 * args.kv_heads) * args.head_dim;
  std::vector<double> x(args.head_dim);
  for (int32_t d = 0; d < args.head_dim; ++d) {
    const size_t column = size_t(head) * args.head_dim + d;
    x[d] = args.qkv[row * width + column];
    if (args.row_scale != nullptr) x[d] *= args.row_scale[row];
    if (args.qkv_bias != nullptr) x[d] += args.qkv_bias[column];
  }
  return x;
}

void NormAndRotate(const TreeAttentionArgs& args, int32_t row, const float* norm,
                   std::vector<double>& x) {
  if (norm != nullptr) {
    double squares = 0.0;
    for (const double value : x) squares += value * value;
    const double root = std::sqrt(squares / args.head_dim + args.norm_epsilon);
    for (int32_t d = 0; d < args.head_dim; ++d) x[d] = x[d] / root * norm[d];
  }
  const int32_t half = args.head_dim / 2;
  for (int32_t d = 0; d < half; ++d) {
    // The angle is a float product, as in Hugging Face's models.
    const float angle = static_cast<float>(args.positions[row]) * args.inv_freq[d];
    const double cosine = std::cos(double(angle)) * args.attention_factor;
    const double sine = std::sin(double(angle)) * args.attention_factor;
    const double low = x[d];
    const double high = x[d + half];
    x[d] = low * cosine - high * sine;
    x[d + half] = high * cosine + low * sine;
  }
}

void WriteRow(const TreeAttentionArgs& args, int32_t row) {
  const int32_t lane = args.slots[row] % kPageSlots;
  for (int32_t h = 0; h < args.kv_heads; ++h) {
    const size_t page = size_t(h) * args.pages + args.slots[row] / kPageSlots;
    std::vector<double> key = ReadHead(args, row, args.heads + h);
    NormAndRotate(args, row, args.k_norm, key);
    const std::vector<double> value = ReadHead(args, row, args.heads + args.kv_heads + h);
    for (int32_t d = 0; d < args.head_dim; ++d) {
      args.key_cache[(page * args.head_dim + d) * kPageSlots + lane] = float(key[d]);
      args.value_cache[(page * kPageSlots + lane) * args.head_dim + d] = float(value[d]);
    }
  }
}

// The slots that a row sees, in path order.
std::vector<int32_t> PathSlots(const TreeAttentionArgs& args, int32_t row) {
  std::vector<int32_t> path;
  for (int32_t s = 0; s < args.span_count; ++s) {
    const Span& span = args.spans[s];
    if (row < span.row_begin || row >= span.row_end) continue;
    const int32_t seen = span.causal != 0 ? row - span.row_begin + 1 : span.kv_length;
    for (int32_t i = 0; i < seen; ++i) path.push_back(span.kv_start + i);
  }
  return path;
}

// out [D]: the attention of one query head.
void AttendHead(const TreeAttentionArgs& args, int32_t row, int32_t head,
                const std::vector<int32_t>& path, float* out) {
  const int32_t dim = args.head_dim;
  const size_t kv_head = head / (args.heads / args.kv_heads);
  std::vector<double> query = ReadHead(args, row, head);
  NormAndRotate(args, row, args.q_norm, query);
  std::vector<double> scores;
  for (const int32_t slot : path) {
    const size_t page = kv_head * args.pages + slot / kPageSlots;
    const float* keys = args.key_cache + page * dim * kPageSlots + slot % kPageSlots;
    double dot = 0.0;
    for (int32_t d = 0; d < dim; ++d) dot += query[d] * keys[d * kPageSlots];
    scores.push_back(dot / std::sqrt(double(dim)));
  }
  std::vector<double> sums(dim, 0.0);
  double total = 0.0;
  const double largest = path.empty() ? 0.0 : *std::max_element(scores.begin(), scores.end());
  for (size_t i = 0; i < path.size(); ++i) {
    const double weight = std::exp(scores[i] - largest);
    const size_t slot = kv_head * args.pages * kPageSlots + path[i];
    total += weight;
    for (int32_t d = 0; d < dim; ++d) sums[d] += weight * args.value_cache[slot * dim + d];
  }
  for (int32_t d = 0; d < dim; ++d) out[d] = path.empty() ? 0.0f : float(sums[d] / total);
}

}  // namespace

void TreeAttentionScalar(const TreeAttentionArgs& args) {
  const size_t width = size_t(args.heads) * args.head_dim;
  for (int32_t row = 0; row < args.rows; ++row) WriteRow(args, row);
  std::vector<float> values(width);
  for (int32_t row = 0; row < args.rows; ++row) {
    const std::vector<int32_t> path = PathSlots(args, row);
    float* const out = args.row_scale != nullptr ? values.data() : args.out + row * width;
    for (int32_t head = 0; head < args.heads; ++head) {
      AttendHead(args, row, head, path, out + size_t(head) * args.head_dim);
    }
    if (args.row_scale == nullptr) continue;
    args.out_scale[row] =
        QuantizeRowScalar(out, static_cast<int32_t>(width), args.quantized + row * width);
  }
}

}  // namespace espalier
