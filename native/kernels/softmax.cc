#include "softmax.h"

#include "kernel_set.h"

namespace espalier {

double Softmax(const SoftmaxArgs& args) noexcept { return BestKernelSet().softmax(args); }

float MaximumLogit(const float* logits, int32_t count, float scale) noexcept {
  return BestKernelSet().maximum_logit(logits, count, scale);
}

}  // namespace espalier
