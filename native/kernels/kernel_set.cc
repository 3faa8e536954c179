#include "kernel_set.h"

namespace espalier {

extern const KernelSet kBaselineKernels;
#if defined(__x86_64__)
extern const KernelSet kAvx2Kernels;
extern const KernelSet kAvx512Kernels;
#endif

const KernelSet* FindKernelSet(Isa isa) noexcept {
  if (isa == Isa::kBaseline) return &kBaselineKernels;
#if defined(__x86_64__)
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (isa == Isa::kAvx2 && avx2) return &kAvx2Kernels;
  const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  if (isa == Isa::kAvx512 && avx2 && avx512) return &kAvx512Kernels;
#endif
  return nullptr;
}

const KernelSet& BestKernelSet() noexcept {
  static const KernelSet& best = []() noexcept -> const KernelSet& {
    for (const Isa isa : {Isa::kAvx512, Isa::kAvx2}) {
      if (const KernelSet* set = FindKernelSet(isa)) return *set;
    }
    return kBaselineKernels;
  }();
  return best;
}

}  // namespace espalier
