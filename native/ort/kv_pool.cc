// Anonymous memory from the operating system.
#include "kv_pool.h"

#include <stdexcept>
#include <string>

#include "kernels/span.h"

#ifdef _WIN32
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#else
#include <sys/mman.h>
#endif

namespace espalier {
namespace {

// A multiple of every page size in use; it keeps each cache's pages to itself.
constexpr size_t kAlignment = 64 * 1024;

void* Reserve(size_t bytes) {
#ifdef _WIN32
  return VirtualAlloc(nullptr, bytes, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
#else
  // Accounted for (no MAP_NORESERVE), so that a pool beyond the machine's memory fails here.
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return nullptr;
#ifdef MADV_HUGEPAGE
  // Advice alone: a wide step visits thousands of small pages, and looking each of them up costs
  // the attention about a sixth of its time.
  madvise(memory, bytes, MADV_HUGEPAGE);
#endif
  return memory;
#endif
}

}  // namespace

size_t KvShape::floats_per_cache() const {
  return static_cast<size_t>(kv_heads) * static_cast<size_t>(pages) *
         static_cast<size_t>(head_dim) * static_cast<size_t>(kPageSlots);
}

size_t KvShape::bytes() const {
  return static_cast<size_t>(layers) * 2 * floats_per_cache() * sizeof(float);
}

KvPool::KvPool(const KvShape& shape) : shape_(shape) {
  stride_ = (shape.floats_per_cache() * sizeof(float) + kAlignment - 1) / kAlignment * kAlignment;
  mapped_ = stride_ * static_cast<size_t>(shape.layers) * 2;
  memory_ = mapped_ == 0 ? nullptr : Reserve(mapped_);
  if (memory_ == nullptr) {
    throw std::runtime_error("Expected " + std::to_string(shape.bytes()) +
                             " bytes of memory for the key-value pool, got none; load the model "
                             "with a smaller pool");
  }
}

KvPool::~KvPool() {
#ifdef _WIN32
  VirtualFree(memory_, 0, MEM_RELEASE);
#else
  munmap(memory_, mapped_);
#endif
}

float* KvPool::key_cache(int layer) const {
  return reinterpret_cast<float*>(static_cast<char*>(memory_) +
                                  stride_ * static_cast<size_t>(2 * layer));
}

float* KvPool::value_cache(int layer) const {
  return reinterpret_cast<float*>(static_cast<char*>(memory_) +
                                  stride_ * static_cast<size_t>(2 * layer + 1));
}

}  // namespace espalier
