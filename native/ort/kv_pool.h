// The memory of one model's key and value caches: zero-filled, aligned to memory pages, and only
// touched pages cost anything.
#pragma once

#include <cstddef>
#include <cstdint>

namespace espalier {

struct KvShape {
  int layers = 0;
  int kv_heads = 0;  // Hkv
  int head_dim = 0;  // D
  int pages = 0;     // of kPageSlots slots

  size_t floats_per_cache() const;  // Hkv * pages * D * kPageSlots
  size_t bytes() const;             // of all layers, keys and values
};

class KvPool {
 public:
  // Reserves the memory. Throws std::runtime_error if there is none.
  explicit KvPool(const KvShape& shape);
  ~KvPool();
  KvPool(const KvPool&) = delete;
  KvPool& operator=(const KvPool&) = delete;

  float* key_cache(int layer) const;    // [Hkv, pages, D, kPageSlots]
  float* value_cache(int layer) const;  // [Hkv, pages, kPageSlots, D]
  const KvShape& shape() const { return shape_; }

 private:
  KvShape shape_;
  size_t stride_ = 0;  // bytes from one cache to the next
  size_t mapped_ = 0;  // bytes
  void* memory_ = nullptr;
};

}  // namespace espalier
