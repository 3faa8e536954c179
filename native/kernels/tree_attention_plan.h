// How one call of TreeAttention is cut into tasks, and where each part of its scratch memory lies.
// A task is one KV head and one block of rows; the cut never shows in the results.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "tree_attention.h"

namespace espalier {

// A span clipped to one block of rows, or several that go on from each other under the same rows;
// rows count from the block's first. Row r sees the first `seen + step * (r - row_begin)` slots.
struct BlockSpan {
  int32_t kv_start;
  int32_t row_begin;
  int32_t row_end;
  int32_t seen;
  int32_t step;  // 1 in a causal span, else 0
};

struct TreeAttentionPlan {
  int32_t group = 0;         // query heads of one KV head
  int32_t block_rows = 0;    // rows of a block; the last may have fewer
  int32_t block_count = 0;   // blocks of rows
  int32_t score_stride = 0;  // floats between the scores of two queries
  size_t workers = 0;

  float* queries = nullptr;       // [Hkv, T, group, D], rotated and scaled
  float* float_rows = nullptr;    // [T, heads * D], rows before quantisation, or the output itself
  int32_t* span_begin = nullptr;  // [block_count] into block_spans
  int32_t* span_end = nullptr;    // [block_count] into block_spans
  BlockSpan* block_spans = nullptr;            // in the order of the spans, block by block
  std::atomic<int32_t>* heads_left = nullptr;  // [block_count] KV heads not yet attended
  std::atomic<int32_t>* next_chunk = nullptr;  // next chunk of rows to prepare
  std::atomic<int32_t>* next_task = nullptr;   // next task to attend

  // Per worker: scores [block_rows * group, score_stride], sums [block_rows * group, D],
  // score ends [block_rows * group] (pointers).
  char* worker_base = nullptr;
  size_t worker_bytes = 0;
  size_t sums_offset = 0;
  size_t ends_offset = 0;

  size_t bytes = 0;  // of all scratch memory
};

// Cuts the work; with scratch null it only measures (`bytes` is right, pointers are not).
// score_queries is the number of queries that the kernel scores together.
[[nodiscard]] TreeAttentionPlan PlanTreeAttention(const TreeAttentionArgs& args, size_t workers,
                                                  int32_t score_queries, void* scratch) noexcept;

}  // namespace espalier
