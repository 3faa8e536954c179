#include "add_norm_quantize.h"

#include "kernel_set.h"

namespace espalier {

InputError CheckAddNormQuantize(const AddNormQuantizeArgs& args) noexcept {
  if (args.rows < 0) return {"the number of rows is negative", args.rows};
  if (args.hidden < 16 || args.hidden % 16 != 0) {
    return {"the hidden size must be a multiple of 16", args.hidden};
  }
  return {};
}

void AddNormQuantize(const AddNormQuantizeArgs& args, const ParallelFor& parallel) noexcept {
  BestKernelSet().add_norm_quantize(args, parallel);
}

}  // namespace espalier
