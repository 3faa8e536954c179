#include "tree_attention_plan.h"

#include <algorithm>
#include <new>

namespace espalier {
namespace {

// Scores of one block of rows should stay in the second-level cache beside a few pages of keys.
constexpr size_t kScoreBytes = 192 * 1024;
// Tasks per worker, so that an unlucky cut costs little.
constexpr size_t kTasksPerWorker = 4;

// Hands out aligned pieces of one allocation; from null it only counts.
class Carver {
 public:
  explicit Carver(void* base) noexcept : base_(static_cast<char*>(base)) {}

  template <typename T>
  T* Take(size_t count) noexcept {
    const size_t begin = bytes_;
    bytes_ += (count * sizeof(T) + 63) / 64 * 64;
    return base_ == nullptr ? nullptr : reinterpret_cast<T*>(base_ + begin);
  }
  size_t bytes() const noexcept { return bytes_; }

 private:
  char* base_;
  size_t bytes_ = 0;
};

int32_t BlockRows(const TreeAttentionArgs& args, const TreeAttentionPlan& plan,
                  int32_t score_queries) noexcept {
  const size_t row_bytes = sizeof(float) * plan.group * plan.score_stride;
  size_t rows = std::max<size_t>(1, kScoreBytes / row_bytes);
  if (plan.workers > 1) {
    const size_t tasks = plan.workers * kTasksPerWorker;
    rows = std::min(rows, std::max<size_t>(1, size_t(args.rows) * args.kv_heads / tasks));
  }
  // Whole tiles of queries, where the block is big enough to have several.
  size_t tile_rows = 1;
  while (tile_rows * plan.group % score_queries != 0) ++tile_rows;
  const bool has_tiles = rows > tile_rows;
  if (has_tiles) rows -= rows % tile_rows;
  // Even blocks, and as many tasks for each worker as for any other: in a decode step all rows are
  // about equal work.
  const size_t all_rows = std::max(args.rows, 1);
  size_t count = (all_rows + rows - 1) / rows;
  while (count * args.kv_heads % plan.workers != 0) ++count;
  rows = (all_rows + count - 1) / count;
  if (has_tiles) rows = (rows + tile_rows - 1) / tile_rows * tile_rows;
  return static_cast<int32_t>(std::min(rows, all_rows));
}

size_t CountBlockSpans(const TreeAttentionArgs& args, int32_t block_rows) noexcept {
  size_t count = 0;
  for (int32_t s = 0; s < args.span_count; ++s) {
    const Span& span = args.spans[s];
    count += (span.row_end - 1) / block_rows - span.row_begin / block_rows + 1;
  }
  return count;
}

// Adds `span` to the spans at [begin, end) and returns the new end. A run that goes on where the
// last one ended, under the same rows, makes that one longer: a decoded row's own slot joins the
// run before it, and the page that both lie in is read once.
int32_t AppendSpan(BlockSpan* spans, int32_t begin, int32_t end, BlockSpan span) noexcept {
  if (span.row_end - span.row_begin == 1) span.step = 0;
  if (end > begin) {
    BlockSpan& last = spans[end - 1];
    if (last.step == 0 && last.row_begin == span.row_begin && last.row_end == span.row_end &&
        last.kv_start + last.seen == span.kv_start) {
      last.seen += span.seen;
      last.step = span.step;
      return end;
    }
  }
  spans[end] = span;
  return end + 1;
}

// Fills span_begin, span_end and block_spans by counting sort: each block keeps the list's order.
void FillBlockSpans(const TreeAttentionArgs& args, const TreeAttentionPlan& plan) noexcept {
  const auto last_block = [&](const Span& span) { return (span.row_end - 1) / plan.block_rows; };
  std::fill(plan.span_end, plan.span_end + plan.block_count, 0);
  for (int32_t s = 0; s < args.span_count; ++s) {
    const Span& span = args.spans[s];
    const int32_t last = last_block(span);
    for (int32_t b = span.row_begin / plan.block_rows; b <= last; ++b) ++plan.span_end[b];
  }
  int32_t next = 0;
  for (int32_t b = 0; b < plan.block_count; ++b) {
    plan.span_begin[b] = next;
    next += plan.span_end[b];
    plan.span_end[b] = plan.span_begin[b];
  }
  for (int32_t s = 0; s < args.span_count; ++s) {
    const Span& span = args.spans[s];
    const int32_t last = last_block(span);
    for (int32_t b = span.row_begin / plan.block_rows; b <= last; ++b) {
      const int32_t first_row = b * plan.block_rows;
      const int32_t row_begin = std::max(span.row_begin, first_row);
      const int32_t row_end = std::min(span.row_end, first_row + plan.block_rows);
      const int32_t seen = span.causal != 0 ? row_begin - span.row_begin + 1 : span.kv_length;
      plan.span_end[b] = AppendSpan(
          plan.block_spans, plan.span_begin[b], plan.span_end[b],
          {span.kv_start, row_begin - first_row, row_end - first_row, seen, span.causal});
    }
  }
}

}  // namespace

TreeAttentionPlan PlanTreeAttention(const TreeAttentionArgs& args, size_t workers,
                                    int32_t score_queries, void* scratch) noexcept {
  TreeAttentionPlan plan;
  plan.group = args.heads / args.kv_heads;
  plan.workers = std::max<size_t>(1, workers);
  int32_t longest = 0;
  for (int32_t row = 0; row < args.rows; ++row) longest = std::max(longest, args.row_lengths[row]);
  // Room for whole lanes after the last score: two pages of unwanted lanes at most.
  plan.score_stride = (longest + 15) / 16 * 16 + 32;
  plan.block_rows = BlockRows(args, plan, score_queries);
  plan.block_count = (args.rows + plan.block_rows - 1) / plan.block_rows;

  const size_t out_size = size_t(args.rows) * args.heads * args.head_dim;
  const size_t block_queries = size_t(plan.block_rows) * plan.group;
  Carver carver(scratch);
  plan.queries = carver.Take<float>(out_size);
  plan.float_rows = args.row_scale != nullptr ? carver.Take<float>(out_size) : args.out;
  plan.span_begin = carver.Take<int32_t>(plan.block_count);
  plan.span_end = carver.Take<int32_t>(plan.block_count);
  plan.block_spans = carver.Take<BlockSpan>(CountBlockSpans(args, plan.block_rows));
  plan.heads_left = carver.Take<std::atomic<int32_t>>(plan.block_count);
  plan.next_chunk = carver.Take<std::atomic<int32_t>>(1);
  plan.next_task = carver.Take<std::atomic<int32_t>>(1);
  Carver worker(nullptr);
  // One page before the first score, which a store of whole lanes may touch.
  worker.Take<float>(kPageSlots + block_queries * plan.score_stride);
  plan.sums_offset = worker.bytes();
  worker.Take<float>(block_queries * args.head_dim);
  plan.ends_offset = worker.bytes();
  worker.Take<float*>(block_queries);
  plan.worker_bytes = worker.bytes();
  plan.worker_base = carver.Take<char>(plan.worker_bytes * plan.workers);
  plan.bytes = carver.bytes();
  if (scratch == nullptr) return plan;

  new (plan.next_chunk) std::atomic<int32_t>(0);
  new (plan.next_task) std::atomic<int32_t>(0);
  for (int32_t b = 0; b < plan.block_count; ++b) {
    new (&plan.heads_left[b]) std::atomic<int32_t>(args.kv_heads);
  }
  FillBlockSpans(args, plan);
  return plan;
}

}  // namespace espalier
