// Spans: what each row of a step may attend to, as rectangles of (run of KV slots) x (run of rows).
// Checking them is done here, once, so that the kernels may index without further tests.
#pragma once

#include <cstddef>
#include <cstdint>

namespace espalier {

// Slots in one page of the KV pool; slot s lies in page s / kPageSlots, lane s % kPageSlots.
inline constexpr int32_t kPageSlots = 16;

// One rectangle. Rows [row_begin, row_end) see slots [kv_start, kv_start + kv_length): all of them
// when causal is 0; row row_begin + i sees the first i + 1 of them when causal is 1.
// The list is in pre-order of the token tree: the spans that cover a row, taken in list order,
// spell that row's token path from the root, the row itself being the last key.
// The layout is that of one row of the graph's int32 [S, 5] input.
struct Span {
  int32_t kv_start;
  int32_t kv_length;
  int32_t row_begin;
  int32_t row_end;
  int32_t causal;
};
static_assert(sizeof(Span) == 5 * sizeof(int32_t));

// What is wrong with an input: a constant text and the index of the first offending element.
struct InputError {
  const char* what = nullptr;  // null: nothing is wrong
  int64_t index = 0;
  explicit operator bool() const noexcept { return what != nullptr; }
};

// Checks spans [S] against `rows` (T) and the pool's `slot_count`, and fills row_lengths [T] with
// the number of keys that each row sees. A row may see no key more often than the pool has slots.
[[nodiscard]] InputError MeasureRows(const Span* spans, size_t span_count, int32_t rows,
                                     int64_t slot_count, int32_t* row_lengths) noexcept;

// Checks that slots [T] lie in the pool.
[[nodiscard]] InputError CheckSlots(const int32_t* slots, int32_t rows,
                                    int64_t slot_count) noexcept;

}  // namespace espalier
