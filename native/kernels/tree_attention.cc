#include "tree_attention.h"

#include "kernel_set.h"
#include "tree_attention_plan.h"

namespace espalier {

InputError CheckTreeAttention(const TreeAttentionArgs& args) noexcept {
  if (args.rows < 0) return {"the number of rows is negative", args.rows};
  if (args.kv_heads < 1) return {"there must be at least one KV head", args.kv_heads};
  if (args.heads < 1 || args.heads % args.kv_heads != 0) {
    return {"the number of heads must be a multiple of the number of KV heads", args.heads};
  }
  if (args.head_dim < 16 || args.head_dim > 256 || args.head_dim % 16 != 0) {
    return {"the head size must be a multiple of 16, from 16 to 256", args.head_dim};
  }
  if (args.pages < 1) return {"the KV pool must have at least one page", args.pages};
  if (args.span_count < 0) return {"the number of spans is negative", args.span_count};
  return {};
}

size_t TreeAttentionScratchBytes(const TreeAttentionArgs& args, size_t workers) noexcept {
  return PlanTreeAttention(args, workers, BestKernelSet().score_queries, nullptr).bytes;
}

void TreeAttention(const TreeAttentionArgs& args, const ParallelFor& parallel,
                   void* scratch) noexcept {
  const KernelSet& kernels = BestKernelSet();
  const TreeAttentionPlan plan =
      PlanTreeAttention(args, parallel.workers, kernels.score_queries, scratch);
  kernels.tree_attention(args, plan, parallel);
}

}  // namespace espalier
