// How a kernel runs its tasks: on ONNX Runtime's pool, on a test's threads, or one after another.
// A kernel asks for at most `workers` tasks and shares work out among them by itself, so that one
// piece of scratch memory per worker is enough and any order of tasks is right.
#pragma once

#include <cstddef>

namespace espalier {

// Runs task number `task`. It allocates nothing and never throws.
using TaskBody = void (*)(void* context, size_t task) noexcept;

struct ParallelFor {
  // Tasks that can run at the same time; results never depend on it.
  size_t workers = 1;
  // Calls body(context, i) for every i < tasks and returns when all are done. Null: serially.
  void (*run)(void* pool, size_t tasks, TaskBody body, void* context) noexcept = nullptr;
  void* pool = nullptr;

  void operator()(size_t tasks, TaskBody body, void* context) const noexcept {
    if (run != nullptr && tasks > 1) {
      run(pool, tasks, body, context);
      return;
    }
    for (size_t i = 0; i < tasks; ++i) body(context, i);
  }
};

}  // namespace espalier
