// The second half of TreeAttention: one task attends one block of rows, all query heads of one KV
// head together, in two passes over the block's spans. First all scores, in path order, and their
// exact maximum; then the weighted values, one key after another in path order.
#pragma once

#include <cmath>
#include <limits>

#include "lanes.h"
#include "prefetcher.h"
#include "qkv_rows.h"
#include "row_quantizer.h"
#include "row_tasks.h"
#include "tree_attention_plan.h"

namespace espalier::ESPALIER_ISA {

// Tiles that fill the registers: queries x 16 keys (scores), queries x 16 * kValueLanes dimensions.
#if defined(__AVX512F__)
inline constexpr int kScoreQueries = 12;
inline constexpr int kValueQueries = 6;
inline constexpr int kValueLanes = 4;
#elif defined(__AVX2__) || defined(__ARM_NEON)
inline constexpr int kScoreQueries = 6;
inline constexpr int kValueQueries = 3;
inline constexpr int kValueLanes = 2;
#else
inline constexpr int kScoreQueries = 3;
inline constexpr int kValueQueries = 3;
inline constexpr int kValueLanes = 1;
#endif
// Tiles of at most this many queries take two pages of keys at once.
inline constexpr int kPairQueries = kScoreQueries / 2;
// Bytes of values that stay in the first-level cache while all queries of a block read them.
inline constexpr int kValueChunkBytes = 16 * 1024;

// One task and its worker's memory.
struct Block {
  const TreeAttentionArgs& args;
  const TreeAttentionPlan& plan;
  int32_t kv_head;
  int32_t first_row;
  int32_t rows;
  const float* queries;  // [rows * group, D]
  float* scores;         // [rows * group, score_stride]
  float* sums;           // [rows * group, D]
  float** ends;          // [rows * group] first score of the next span
};

// Scores kQueries queries [kQueries, D] against kPages pages of keys [D, 16] each. Query i's scores
// go to ends[i] + offset and on; a negative offset drops that many of the first page's lanes and
// keeps what is there.
template <int kQueries, int kPages>
ESPALIER_INLINE void ScoreTile(const float* queries, const float* keys, int32_t dim,
                               float* const* ends, int32_t offset) {
  Lanes<16> sums[kQueries][kPages];
  ESPALIER_UNROLL for (int i = 0; i < kQueries; ++i) {
    ESPALIER_UNROLL for (int p = 0; p < kPages; ++p) sums[i][p] = Splat<16>(0.0f);
  }
  for (int32_t d = 0; d < dim; ++d) {
    Lanes<16> key[kPages];
    ESPALIER_UNROLL for (int p = 0; p < kPages; ++p) {
      key[p] = Load<16>(keys + (p * dim + d) * kPageSlots);
    }
    ESPALIER_UNROLL for (int i = 0; i < kQueries; ++i) {
      const auto query = Splat<16>(queries[i * dim + d]);
      ESPALIER_UNROLL for (int p = 0; p < kPages; ++p) {
        sums[i][p] = Fma(query, key[p], sums[i][p]);
      }
    }
  }
  ESPALIER_UNROLL for (int i = 0; i < kQueries; ++i) {
    if (offset < 0) {
      Store(ends[i] + offset, KeepFirst(-offset, Load<16>(ends[i] + offset), sums[i][0]));
    } else {
      Store(ends[i] + offset, sums[i][0]);
    }
    if constexpr (kPages == 2) Store(ends[i] + offset + kPageSlots, sums[i][1]);
  }
}

// Scores `count` queries, in full tiles and then one smaller one.
template <int kQueries, int kPages>
ESPALIER_INLINE void ScoreRest(const float* queries, int32_t count, const float* keys, int32_t dim,
                               float* const* ends, int32_t offset) {
  if constexpr (kQueries > 0) {
    if (count == kQueries) {
      ScoreTile<kQueries, kPages>(queries, keys, dim, ends, offset);
    } else {
      ScoreRest<kQueries - 1, kPages>(queries, count, keys, dim, ends, offset);
    }
  }
}

// Scores queries [first, last) of the block against one or two pages that follow each other.
inline void ScorePages(const Block& block, int32_t first, int32_t last, int32_t page, int pages,
                       int32_t offset, Prefetcher& prefetcher) {
  const int32_t dim = block.args.head_dim;
  const size_t page_floats = size_t(dim) * kPageSlots;
  const float* keys =
      block.args.key_cache + (size_t(block.kv_head) * block.args.pages + page) * page_floats;
  int32_t q = first;
  for (; last - q >= kScoreQueries; q += kScoreQueries) {
    for (int p = 0; p < pages; ++p) {
      prefetcher.Advance();
      ScoreTile<kScoreQueries, 1>(block.queries + size_t(q) * dim, keys + p * page_floats, dim,
                                  block.ends + q, offset + p * kPageSlots);
    }
  }
  const float* queries = block.queries + size_t(q) * dim;
  if (q == last) return;
  prefetcher.Advance();
  if (pages == 2 && last - q <= kPairQueries) {
    ScoreRest<kPairQueries, 2>(queries, last - q, keys, dim, block.ends + q, offset);
    return;
  }
  for (int p = 0; p < pages; ++p) {
    ScoreRest<kScoreQueries - 1, 1>(queries, last - q, keys + p * page_floats, dim, block.ends + q,
                                    offset + p * kPageSlots);
  }
}

// Keys that the last row of the span sees.
ESPALIER_INLINE int32_t LongestRow(const BlockSpan& span) {
  return span.seen + span.step * (span.row_end - span.row_begin - 1);
}

inline ByteRange KeyRange(const void* context, const BlockSpan& span) noexcept {
  const Block& block = *static_cast<const Block*>(context);
  const size_t page_bytes = sizeof(float) * block.args.head_dim * kPageSlots;
  const int32_t page = span.kv_start / kPageSlots;
  const int32_t last_page = (span.kv_start + LongestRow(span) - 1) / kPageSlots;
  const size_t first = size_t(block.kv_head) * block.args.pages + page;
  return {reinterpret_cast<const char*>(block.args.key_cache) + first * page_bytes,
          (last_page - page + 1) * page_bytes};
}

inline ByteRange ValueRange(const void* context, const BlockSpan& span) noexcept {
  const Block& block = *static_cast<const Block*>(context);
  const size_t slot_bytes = sizeof(float) * block.args.head_dim;
  const size_t first = size_t(block.kv_head) * block.args.pages * kPageSlots + span.kv_start;
  return {reinterpret_cast<const char*>(block.args.value_cache) + first * slot_bytes,
          LongestRow(span) * slot_bytes};
}

// Appends the scores of one span to those of its rows.
inline void ScoreSpan(const Block& block, const BlockSpan& span, Prefetcher& prefetcher) {
  const int32_t group = block.plan.group;
  const int32_t last_page = (span.kv_start + LongestRow(span) - 1) / kPageSlots;
  prefetcher.Enter(span);
  for (int32_t page = span.kv_start / kPageSlots; page <= last_page; page += 2) {
    const int32_t offset = page * kPageSlots - span.kv_start;
    // Earlier rows of a causal span do not reach this page.
    int32_t row = span.row_begin;
    if (offset >= span.seen) row += offset - span.seen + 1;
    ScorePages(block, row * group, span.row_end * group, page, page < last_page ? 2 : 1, offset,
               prefetcher);
  }
  for (int32_t row = span.row_begin; row < span.row_end; ++row) {
    const int32_t seen = span.seen + span.step * (row - span.row_begin);
    for (int32_t q = row * group; q < (row + 1) * group; ++q) block.ends[q] += seen;
  }
}

// Turns scores [length] into weights 2^(score - max) and returns one over their sum. Lanes take
// keys by their index in the path, modulo 16. Writes up to the next multiple of 16.
ESPALIER_INLINE float Softmax(float* scores, int32_t length) {
  constexpr float kLowest = -std::numeric_limits<float>::infinity();
  if (length == 0) return 0.0f;
  const int32_t padded = (length + 15) / 16 * 16;
  for (int32_t i = length; i < padded; ++i) scores[i] = kLowest;
  auto largest = Splat<16>(kLowest);
  for (int32_t i = 0; i < padded; i += 16) largest = Max(Load<16>(scores + i), largest);
  const auto shift = Splat<16>(MaxAcross(largest));
  auto sum = Splat<16>(0.0f);
  for (int32_t i = 0; i < padded; i += 16) {
    const auto weight = Exp2(Load<16>(scores + i) - shift);
    Store(scores + i, weight);
    sum = sum + weight;
  }
  return 1.0f / SumAcross(sum);
}

// sums[i] += weights[i][j] * values[j] for `keys` keys in sequence, over 16 * kLanes dimensions.
template <int kQueries, int kLanes>
ESPALIER_INLINE void ValueTile(const float* const* weights, const float* values, int32_t dim,
                               int32_t keys, float* sums) {
  Lanes<16> total[kQueries][kLanes];
  ESPALIER_UNROLL for (int i = 0; i < kQueries; ++i) {
    ESPALIER_UNROLL for (int v = 0; v < kLanes; ++v) {
      total[i][v] = Load<16>(sums + i * dim + v * 16);
    }
  }
  for (int32_t j = 0; j < keys; ++j, values += dim) {
    Lanes<16> weight[kQueries];
    ESPALIER_UNROLL for (int i = 0; i < kQueries; ++i) weight[i] = Splat<16>(weights[i][j]);
    ESPALIER_UNROLL for (int v = 0; v < kLanes; ++v) {
      const auto value = Load<16>(values + v * 16);
      ESPALIER_UNROLL for (int i = 0; i < kQueries; ++i) {
        total[i][v] = Fma(weight[i], value, total[i][v]);
      }
    }
  }
  ESPALIER_UNROLL for (int i = 0; i < kQueries; ++i) {
    ESPALIER_UNROLL for (int v = 0; v < kLanes; ++v) Store(sums + i * dim + v * 16, total[i][v]);
  }
}

// All dimensions of `count` (at most kQueries) queries.
template <int kQueries>
ESPALIER_INLINE void ValueTiles(int32_t count, const float* const* weights, const float* values,
                                int32_t dim, int32_t keys, float* sums) {
  if constexpr (kQueries > 0) {
    if (count != kQueries) {
      ValueTiles<kQueries - 1>(count, weights, values, dim, keys, sums);
      return;
    }
    int32_t d = 0;
    for (; dim - d >= 16 * kValueLanes; d += 16 * kValueLanes) {
      ValueTile<kQueries, kValueLanes>(weights, values + d, dim, keys, sums + d);
    }
    for (; d < dim; d += 16) ValueTile<kQueries, 1>(weights, values + d, dim, keys, sums + d);
  }
}

// Adds the first `keys` weighted values from `values` on to the sums of queries [first, last);
// their weights start `skip` after the span's first.
inline void AddToQueries(const Block& block, int32_t first, int32_t last, int32_t skip,
                         const float* values, int32_t keys, Prefetcher& prefetcher) {
  const int32_t dim = block.args.head_dim;
  for (int32_t q = first; q < last; q += kValueQueries) {
    const int32_t count = last - q < kValueQueries ? last - q : kValueQueries;
    prefetcher.Advance();
    const float* weights[kValueQueries];
    for (int32_t i = 0; i < count; ++i) weights[i] = block.ends[q + i] + skip;
    ValueTiles<kValueQueries>(count, weights, values, dim, keys, block.sums + size_t(q) * dim);
  }
}

// Adds the weighted values of keys [begin, end) of one span to the sums of its rows.
inline void AddValues(const Block& block, const BlockSpan& span, int32_t begin, int32_t end,
                      Prefetcher& prefetcher) {
  const int32_t group = block.plan.group;
  const size_t first_slot = size_t(block.kv_head) * block.args.pages * kPageSlots + span.kv_start;
  const float* values = block.args.value_cache + (first_slot + begin) * block.args.head_dim;
  int32_t row = span.row_begin;
  // Rows of a causal span that see some of these keys: each its own number.
  if (span.step != 0 && begin >= span.seen) row += begin - span.seen + 1;
  for (; row < span.row_end; ++row) {
    const int32_t seen = span.seen + span.step * (row - span.row_begin);
    if (seen >= end) break;
    AddToQueries(block, row * group, (row + 1) * group, begin, values, seen - begin, prefetcher);
  }
  AddToQueries(block, row * group, span.row_end * group, begin, values, end - begin, prefetcher);
}

inline void AddSpan(const Block& block, const BlockSpan& span, Prefetcher& prefetcher) {
  const int32_t group = block.plan.group;
  const int32_t longest = LongestRow(span);
  prefetcher.Enter(span);
  const int32_t chunk = kValueChunkBytes / int32_t(sizeof(float)) / block.args.head_dim;
  for (int32_t begin = 0; begin < longest; begin += chunk) {
    AddValues(block, span, begin, begin + chunk < longest ? begin + chunk : longest, prefetcher);
  }
  for (int32_t row = span.row_begin; row < span.row_end; ++row) {
    const int32_t seen = span.seen + span.step * (row - span.row_begin);
    for (int32_t q = row * group; q < (row + 1) * group; ++q) block.ends[q] += seen;
  }
}

inline void RewindEnds(const Block& block) {
  for (int32_t q = 0; q < block.rows * block.plan.group; ++q) {
    block.ends[q] = block.scores + size_t(q) * block.plan.score_stride;
  }
}

// Attends the block for one KV head and writes its part of float_rows.
inline void AttendBlock(const Block& block, const BlockSpan* begin, const BlockSpan* end) {
  const TreeAttentionArgs& args = block.args;
  const int32_t dim = args.head_dim;
  const int32_t group = block.plan.group;
  const int32_t queries = block.rows * group;
  RewindEnds(block);
  Prefetcher keys(begin, end, KeyRange, &block);
  for (const BlockSpan* span = begin; span != end; ++span) ScoreSpan(block, *span, keys);
  // The scores of span after span are one run; each query's weight sum waits in its sums.
  for (int32_t q = 0; q < queries; ++q) {
    float* scores = block.scores + size_t(q) * block.plan.score_stride;
    const float inverse = Softmax(scores, args.row_lengths[block.first_row + q / group]);
    scores[block.plan.score_stride - 1] = inverse;
  }
  RewindEnds(block);
  std::memset(block.sums, 0, sizeof(float) * queries * dim);
  Prefetcher values(begin, end, ValueRange, &block);
  for (const BlockSpan* span = begin; span != end; ++span) AddSpan(block, *span, values);
  for (int32_t q = 0; q < queries; ++q) {
    const size_t row = block.first_row + q / group;
    const size_t head = size_t(block.kv_head) * group + q % group;
    float* out = block.plan.float_rows + (row * args.heads + head) * dim;
    const auto inverse = Splat<16>(block.scores[(size_t(q) + 1) * block.plan.score_stride - 1]);
    for (int32_t d = 0; d < dim; d += 16) {
      Store(out + d, Load<16>(block.sums + size_t(q) * dim + d) * inverse);
    }
  }
}

// Takes tasks until none is left. Later blocks come first: in a prefill they are the longest.
inline void RunTasks(const TreeAttentionArgs& args, const TreeAttentionPlan& plan, size_t worker) {
  char* memory = plan.worker_base + worker * plan.worker_bytes;
  const int32_t tasks = plan.block_count * args.kv_heads;
  const int32_t width = args.heads * args.head_dim;
  while (true) {
    const int32_t task = plan.next_task->fetch_add(1);
    if (task >= tasks) return;
    const int32_t index = plan.block_count - 1 - task % plan.block_count;
    const int32_t kv_head = task / plan.block_count;
    const int32_t first_row = index * plan.block_rows;
    const int32_t rows_left = args.rows - first_row;
    const int32_t rows = rows_left < plan.block_rows ? rows_left : plan.block_rows;
    const size_t first_query = (size_t(kv_head) * args.rows + first_row) * plan.group;
    const Block block{args,
                      plan,
                      kv_head,
                      first_row,
                      rows,
                      plan.queries + first_query * args.head_dim,
                      reinterpret_cast<float*>(memory) + kPageSlots,
                      reinterpret_cast<float*>(memory + plan.sums_offset),
                      reinterpret_cast<float**>(memory + plan.ends_offset)};
    AttendBlock(block, plan.block_spans + plan.span_begin[index],
                plan.block_spans + plan.span_end[index]);
    // Whoever attends a block's last head quantises its rows.
    if (plan.heads_left[index].fetch_sub(1, std::memory_order_acq_rel) != 1) continue;
    if (args.row_scale == nullptr) continue;
    for (int32_t row = first_row; row < first_row + rows; ++row) {
      args.out_scale[row] = QuantizeRow(plan.float_rows + size_t(row) * width, width,
                                        args.quantized + size_t(row) * width);
    }
  }
}

inline void RunTreeAttention(const TreeAttentionArgs& args, const TreeAttentionPlan& plan,
                             const ParallelFor& parallel) noexcept {
  struct Job {
    const TreeAttentionArgs& args;
    const TreeAttentionPlan& plan;
  } job{args, plan};
  // Every key of the step is in the pool before any row attends.
  ForEachRow(parallel, args.rows, [&](size_t, int32_t row) { PrepareRow(args, plan, row); });
  const size_t tasks = size_t(plan.block_count) * args.kv_heads;
  const TaskBody attend = [](void* context, size_t worker) noexcept {
    const Job& job = *static_cast<const Job*>(context);
    RunTasks(job.args, job.plan, worker);
  };
  parallel(tasks < plan.workers ? tasks : plan.workers, attend, &job);
}

}  // namespace espalier::ESPALIER_ISA
