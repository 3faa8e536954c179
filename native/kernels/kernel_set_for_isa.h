// Collects the kernels of one instruction set. Included once by each kernel_set_*.cc, which names
// the set in ESPALIER_ISA and is compiled with that instruction set's flags.
#pragma once

#include "add_norm_quantize_kernel.h"
#include "hadamard_kernel.h"
#include "kernel_set.h"
#include "softmax_kernel.h"
#include "swiglu_kernel.h"
#include "tree_attention_kernel.h"

namespace espalier::ESPALIER_ISA {

inline void RunHadamard(float* values, int32_t size, int32_t block) noexcept {
  HadamardRow(values, size, block);
}

inline constexpr KernelSet MakeKernelSet(const char* name) {
  return {name,        kScoreQueries, RunTreeAttention, RunSwiGlu, RunAddNormQuantize,
          RunHadamard, RunSoftmax,    RunMaximumLogit};
}

}  // namespace espalier::ESPALIER_ISA
