// Shares the rows of a step out among workers, some rows at a time, so that a slow core takes less.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "parallel.h"

namespace espalier {

// Rows that one worker takes at a time.
inline constexpr int32_t kRowChunk = 8;

// Calls row_body(worker, row) for every row below `rows`, on at most parallel.workers workers.
template <typename RowBody>
void ForEachRow(const ParallelFor& parallel, int32_t rows, const RowBody& row_body) noexcept {
  struct Job {
    const RowBody& row_body;
    int32_t rows;
    std::atomic<int32_t> next_chunk;
  };
  Job job{row_body, rows, {0}};
  const size_t chunks = (static_cast<size_t>(rows) + kRowChunk - 1) / kRowChunk;
  const TaskBody body = [](void* context, size_t worker) noexcept {
    Job& job = *static_cast<Job*>(context);
    while (true) {
      const int64_t begin = int64_t{job.next_chunk.fetch_add(1)} * kRowChunk;
      if (begin >= job.rows) return;
      const int64_t end = begin + kRowChunk < job.rows ? begin + kRowChunk : job.rows;
      for (int64_t row = begin; row < end; ++row) {
        job.row_body(worker, static_cast<int32_t>(row));
      }
    }
  };
  parallel(chunks < parallel.workers ? chunks : parallel.workers, body, &job);
}

}  // namespace espalier
