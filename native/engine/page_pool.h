// The free list of KV pages. Knows nothing of nodes or tokens; the tensors live with the model.
#pragma once

#include <cstdint>
#include <vector>

namespace espalier {

class PagePool {
 public:
  static constexpr int32_t kNone = -1;

  explicit PagePool(int32_t pages);

  int32_t total() const { return static_cast<int32_t>(next_.size()) - 1; }
  int32_t available() const { return available_; }
  int32_t used() const { return total() - available_; }

  // Takes the page after `previous` if that is free (which keeps a run contiguous), else any.
  // Requires available() > 0. O(1).
  int32_t Take(int32_t previous);

  // Gives a taken page back. O(1).
  void Give(int32_t page);

 private:
  void Unlink(int32_t page);

  // A circular doubly linked list over page numbers; its head is the index total().
  std::vector<int32_t> next_;
  std::vector<int32_t> previous_;
  std::vector<uint8_t> free_;
  int32_t available_;
};

}  // namespace espalier
