// The kernels for -mavx2 -mfma (x86-64 alone).
#define ESPALIER_ISA avx2
#include "kernel_set_for_isa.h"

namespace espalier {

extern const KernelSet kAvx2Kernels;
constinit const KernelSet kAvx2Kernels = avx2::MakeKernelSet("avx2");

}  // namespace espalier
