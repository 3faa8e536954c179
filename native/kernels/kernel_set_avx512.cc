// The kernels for -mavx2 -mfma -mavx512f -mavx512bw -mavx512dq -mavx512vl (x86-64 alone).
#define ESPALIER_ISA avx512
#include "kernel_set_for_isa.h"

namespace espalier {

extern const KernelSet kAvx512Kernels;
constinit const KernelSet kAvx512Kernels = avx512::MakeKernelSet("avx512");

}  // namespace espalier
