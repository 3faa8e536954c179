// Threads that stand in for ONNX Runtime's pool: they wait between runs, and the caller works too.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <thread>
#include <vector>

#include "kernels/parallel.h"

namespace espalier::test {

class ThreadPool {
 public:
  explicit ThreadPool(size_t workers) {
    for (size_t i = 1; i < workers; ++i) {
      threads_.emplace_back([this] { Work(); });
    }
  }
  ~ThreadPool() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  // Valid as long as the pool.
  ParallelFor parallel() {
    return {threads_.size() + 1,
            [](void* pool, size_t tasks, TaskBody body, void* context) noexcept {
              static_cast<ThreadPool*>(pool)->Run(tasks, body, context);
            },
            this};
  }

 private:
  void Run(size_t tasks, TaskBody body, void* context) noexcept {
    {
      const std::lock_guard lock(mutex_);
      body_ = body;
      context_ = context;
      tasks_ = tasks;
      next_ = 0;
      busy_ = threads_.size();
      ++generation_;
    }
    wake_.notify_all();
    Drain();
    std::unique_lock lock(mutex_);
    done_.wait(lock, [this] { return busy_ == 0; });
  }

  void Drain() noexcept {
    for (size_t task = next_.fetch_add(1); task < tasks_; task = next_.fetch_add(1)) {
      body_(context_, task);
    }
  }

  void Work() {
    size_t seen = 0;
    while (true) {
      {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [&] { return stopping_ || generation_ != seen; });
        if (stopping_) return;
        seen = generation_;
      }
      Drain();
      const std::lock_guard lock(mutex_);
      if (--busy_ == 0) done_.notify_one();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable done_;
  std::vector<std::thread> threads_;
  TaskBody body_ = nullptr;
  void* context_ = nullptr;
  size_t tasks_ = 0;
  std::atomic<size_t> next_{0};
  size_t busy_ = 0;
  size_t generation_ = 0;
  bool stopping_ = false;
};

}  // namespace espalier::test
