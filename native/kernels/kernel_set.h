// The kernels compiled for one instruction set, and the choice among them at run time.
// Sets that have fused multiply-add give the same bits; x86-64's baseline rounds differently.
#pragma once

#include <cstddef>

#include "add_norm_quantize.h"
#include "parallel.h"
#include "softmax.h"
#include "swiglu.h"
#include "tree_attention.h"
#include "tree_attention_plan.h"

namespace espalier {

enum class Isa { kBaseline, kAvx2, kAvx512 };

struct KernelSet {
  const char* name;
  // Query rows x heads that the attention kernel scores together.
  int32_t score_queries;
  void (*tree_attention)(const TreeAttentionArgs&, const TreeAttentionPlan&,
                         const ParallelFor&) noexcept;
  void (*swiglu)(const SwiGluArgs&, const ParallelFor&, void* scratch) noexcept;
  void (*add_norm_quantize)(const AddNormQuantizeArgs&, const ParallelFor&) noexcept;
  void (*hadamard)(float* values, int32_t size, int32_t block) noexcept;
  double (*softmax)(const SoftmaxArgs&) noexcept;
  float (*maximum_logit)(const float* logits, int32_t count, float scale) noexcept;
};

// The set for `isa`, or null where this build or this CPU lacks it. kBaseline is always there.
[[nodiscard]] const KernelSet* FindKernelSet(Isa isa) noexcept;

// The fastest set that this CPU runs; the public kernel functions use it.
[[nodiscard]] const KernelSet& BestKernelSet() noexcept;

}  // namespace espalier
