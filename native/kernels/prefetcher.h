// Brings the KV runs that come next into the cache while the current one is computed, a few lines
// at a time. A run that few rows see holds little work for its bytes: a core that waited for it
// would spend a quarter of a wide decode step on memory alone.
#pragma once

#include "lanes.h"
#include "tree_attention_plan.h"

namespace espalier::ESPALIER_ISA {

// The bytes of a run in one of the caches.
struct ByteRange {
  const char* begin;
  size_t bytes;
};

class Prefetcher {
 public:
  // Spans [begin, end), in the order of use; range_of(context, span) tells where a run lies.
  using RangeOf = ByteRange (*)(const void* context, const BlockSpan& span) noexcept;
  Prefetcher(const BlockSpan* begin, const BlockSpan* end, RangeOf range_of,
             const void* context) noexcept
      : next_(begin), end_(end), range_of_(range_of), context_(context) {}

  // The kernel turns to `span`: what comes later is prefetched from here on.
  void Enter(const BlockSpan& span) noexcept {
    if (&span < next_) {
      // Was prefetched, at least in part: its lines make room for as many others.
      credit_ += static_cast<int64_t>(range_of_(context_, span).bytes / kLine);
      if (credit_ > kCredit) credit_ = kCredit;
    } else {
      next_ = &span + 1;
      at_ = stop_ = nullptr;
    }
  }

  // Asks for the next few lines.
  ESPALIER_INLINE void Advance() noexcept {
    if (stop_ - at_ < kBurst * kLine && !NextRun()) return;
    ESPALIER_UNROLL for (int i = 0; i < kBurst; ++i) __builtin_prefetch(at_ + i * kLine);
    at_ += kBurst * kLine;
    credit_ -= kBurst;
  }

 private:
  static constexpr int64_t kLine = 64;
  static constexpr int64_t kBurst = 16;
  // Lines that may wait for their use: a part of the second-level cache.
  static constexpr int64_t kCredit = 256 * 1024 / kLine;

  // False when nothing more may be prefetched for now. Whole bursts only: a run's odd lines at its
  // end are left to the hardware.
  bool NextRun() noexcept {
    while (stop_ - at_ < kBurst * kLine) {
      if (next_ == end_ || credit_ <= 0) return false;
      const ByteRange range = range_of_(context_, *next_++);
      at_ = range.begin;
      stop_ = range.begin + range.bytes;
    }
    return true;
  }

  const BlockSpan* next_;
  const BlockSpan* end_;
  RangeOf range_of_;
  const void* context_;
  const char* at_ = nullptr;
  const char* stop_ = nullptr;
  int64_t credit_ = kCredit;
};

}  // namespace espalier::ESPALIER_ISA
