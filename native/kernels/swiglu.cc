#include "swiglu.h"

#include "hadamard.h"
#include "kernel_set.h"

namespace espalier {

InputError CheckSwiGlu(const SwiGluArgs& args) noexcept {
  if (args.rows < 0) return {"the number of rows is negative", args.rows};
  return CheckHadamard(args.inner, args.hadamard_block);
}

size_t SwiGluScratchBytes(const SwiGluArgs& args, size_t workers) noexcept {
  return args.row_scale == nullptr ? 0 : workers * args.inner * sizeof(float);
}

void SwiGlu(const SwiGluArgs& args, const ParallelFor& parallel, void* scratch) noexcept {
  BestKernelSet().swiglu(args, parallel, scratch);
}

}  // namespace espalier
