// The kernels for no flags beyond the platform's own: x86-64's SSE2, or arm64's NEON.
#define ESPALIER_ISA baseline
#include "kernel_set_for_isa.h"

namespace espalier {

extern const KernelSet kBaselineKernels;
constinit const KernelSet kBaselineKernels = baseline::MakeKernelSet("baseline");

}  // namespace espalier
