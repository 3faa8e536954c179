#include "span.h"

namespace espalier {
namespace {

const char* SpanProblem(const Span& span, int32_t rows, int64_t slot_count) noexcept {
  if (span.kv_start < 0) return "a span starts before the first KV slot";
  if (span.kv_length < 1) return "a span holds no KV slot";
  if (int64_t{span.kv_start} + span.kv_length > slot_count) return "a span ends past the KV pool";
  if (span.row_begin < 0) return "a span starts before the first row";
  if (span.row_end <= span.row_begin) return "a span covers no row";
  if (span.row_end > rows) return "a span ends past the last row";
  if (span.causal != 0 && span.causal != 1) return "a span's causal flag is neither 0 nor 1";
  if (span.causal == 1 && span.row_end - span.row_begin > span.kv_length) {
    return "a causal span covers more rows than it has KV slots";
  }
  return nullptr;
}

}  // namespace

InputError MeasureRows(const Span* spans, size_t span_count, int32_t rows, int64_t slot_count,
                       int32_t* row_lengths) noexcept {
  for (int32_t row = 0; row < rows; ++row) row_lengths[row] = 0;
  for (size_t s = 0; s < span_count; ++s) {
    const Span& span = spans[s];
    const char* what = SpanProblem(span, rows, slot_count);
    if (what != nullptr) return {what, static_cast<int64_t>(s)};
    int32_t seen = span.causal != 0 ? 1 : span.kv_length;
    for (int32_t row = span.row_begin; row < span.row_end; ++row, seen += span.causal) {
      if (int64_t{row_lengths[row]} + seen > slot_count) {
        return {"a row sees more keys than the KV pool has slots", row};
      }
      row_lengths[row] += seen;
    }
  }
  return {};
}

InputError CheckSlots(const int32_t* slots, int32_t rows, int64_t slot_count) noexcept {
  for (int32_t row = 0; row < rows; ++row) {
    if (slots[row] < 0 || slots[row] >= slot_count) {
      return {"a row's KV slot lies outside the KV pool", row};
    }
  }
  return {};
}

}  // namespace espalier
