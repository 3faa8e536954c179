// From a row of logits to a token: temperature, top-k, top-p, min-p, one counter-based random
// number. Same logits and keys, same token: sums run in double by ascending id, ties go to the
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
  bool Prepare(std::span<const float> logits, float scale, const SamplingOptions& options);

  // The token at `uniform` in [0, 1) of the prepared distribution.
  int32_t Draw(double uniform) const;

  // Log-probability of a token at temperature 1, before truncation, in nats.
  float LogProbability(int32_t token) const;

 private:
  void Truncate(const SamplingOptions& options);
  void Accumulate();

  std::vector<float> logits_;       // [V], scaled
  std::vector<float> weights_;      // [V], exp((logit - max) / temperature), 0 where truncated
  std::vector<double> cumulative_;  // [V], running sum of weights
  std::vector<int32_t> order_;      // ids by falling weight, when truncation sorts
  int32_t greedy_ = 0;
  bool is_greedy_ = false;
  double log_total_ = 0;  // of exp(logit) at temperature 1
};

}  // namespace espalier
