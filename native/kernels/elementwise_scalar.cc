#include "elementwise_scalar.h"

#include <cmath>
#include <vector>

#include "hadamard.h"
#include "quantize.h"

namespace espalier {

void SwiGluScalar(const SwiGluArgs& args) {
  std::vector<float> activation(args.inner);
  std::vector<float> rotated(args.inner);
  for (int32_t row = 0; row < args.rows; ++row) {
    const double scale = args.row_scale != nullptr ? args.row_scale[row] : 1.0;
    for (int32_t i = 0; i < args.inner; ++i) {
      const double gate = args.x[size_t(row) * 2 * args.inner + i] * scale;
      const double up = args.x[size_t(row) * 2 * args.inner + args.inner + i] * scale;
      activation[i] = float(gate / (1.0 + std::exp(-gate)) * up);
    }
    const size_t first = size_t(row) * args.inner;
    float* const to = args.row_scale != nullptr ? rotated.data() : args.out + first;
    HadamardScalar(activation.data(), args.inner, args.hadamard_block, to);
    if (args.row_scale == nullptr) continue;
    args.out_scale[row] = QuantizeRowScalar(to, args.inner, args.quantized + first);
  }
}

void AddNormQuantizeScalar(const AddNormQuantizeArgs& args) {
  std::vector<float> normed(args.hidden);
  for (int32_t row = 0; row < args.rows; ++row) {
    const size_t first = size_t(row) * args.hidden;
    const double scale = args.delta_scale != nullptr ? args.delta_scale[row] : 1.0;
    double squares = 0.0;
    for (size_t i = first; i < first + args.hidden; ++i) {
      double x = args.residual[i];
      if (args.delta != nullptr) x += args.delta[i] * scale;
      args.next[i] = float(x);
      squares += x * x;
    }
    const double root = std::sqrt(squares / args.hidden + args.norm_epsilon);
    for (int32_t i = 0; i < args.hidden; ++i) normed[i] = float(args.next[first + i] / root);
    args.out_scale[row] = QuantizeRowScalar(normed.data(), args.hidden, args.quantized + first);
  }
}

}  // namespace espalier
