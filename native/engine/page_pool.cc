#include "engine/page_pool.h"

#include <cassert>

namespace espalier {

PagePool::PagePool(int32_t pages)
    : next_(pages + 1), previous_(pages + 1), free_(pages, 1), available_(pages) {
  for (int32_t i = 0; i <= pages; ++i) {
    next_[i] = i == pages ? 0 : i + 1;
    previous_[i] = i == 0 ? pages : i - 1;
  }
}

int32_t PagePool::Take(int32_t previous) {
  assert(available_ > 0);
  const int32_t adjacent = previous + 1;
  const bool is_adjacent_free = previous != kNone && adjacent < total() && free_[adjacent];
  const int32_t page = is_adjacent_free ? adjacent : next_[total()];
  Unlink(page);
  free_[page] = 0;
  --available_;
  return page;
}

void PagePool::Give(int32_t page) {
  assert(!free_[page]);
  const int32_t head = total();
  next_[page] = next_[head];
  previous_[page] = head;
  previous_[next_[head]] = page;
  next_[head] = page;
  free_[page] = 1;
  ++available_;
}

void PagePool::Unlink(int32_t page) {
  next_[previous_[page]] = next_[page];
  previous_[next_[page]] = previous_[page];
}

}  // namespace espalier
