// From a row of logits to a token: temperature, top-k, top-p, min-p, one counter-based random
// number. Same logits and keys, same token: sums run in double in a fixed order, ties go to the
// lower id.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace espalier {

// The defaults limit nothing.
struct SamplingOptions {
  double temperature = 1;  // 0: greedy
  int32_t top_k = 0;       // 0: no limit
  double top_p = 1;
  double min_p = 0;
};

// The distribution of one row. Reusable: buffers are kept between rows.
class Sampler {
 public:
  // Truncation is applied in the order temperature, top-k, top-p, min-p. `scale` multiplies the
  // logits (int8 graphs). A row with NaN or without a finite maximum is refused: returns false.
  // `logits` is used until the next Prepare.
  bool Prepare(std::span<const float> logits, float scale, const SamplingOptions& options);

  // The token at `uniform` in [0, 1) of the prepared distribution, ids ascending.
  int32_t Draw(double uniform) const;

  // Log-probability of a token at temperature 1, before truncation, in nats.
  float LogProbability(int32_t token) const;

 private:
  void Truncate(const SamplingOptions& options);
  int32_t CountWithin(double mass, int32_t limit);
  void SortFirst(int32_t count);
  int32_t Greedy() const;

  std::span<const float> logits_;  // [V]
  float scale_ = 1;
  float maximum_ = 0;     // of logits * scale
  double log_total_ = 0;  // of exp(logit) at temperature 1
  bool is_greedy_ = false;
  std::vector<float> weights_;      // [V], exp((logit - max) / temperature), 0 where truncated
  std::vector<double> block_sums_;  // [ceil(V / kSoftmaxBlock)] of weights
  double sum_ = 0;                  // of block_sums
  std::vector<int32_t> order_;      // when truncation sorts: ids by falling weight, the first ones
};

}  // namespace espalier
