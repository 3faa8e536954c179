#include "engine/sampler.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

namespace espalier {
namespace {

// exp(x) for x <= 0 in float, within 2 ulp; 0 below -87. Plain arithmetic, so that the compiler can
// vectorise the loops below and every machine gives the same bits. Degree-6 Taylor on
// [-ln2/2, ln2/2] after splitting off the power of two (Cody-Waite).
inline float ExpNegative(float x) {
  const float clamped = x < -87.0f ? -87.0f : x;
  const float shifted = clamped * 1.44269504f + 12582912.0f;  // 1.5 * 2^23: rounds to nearest
  const float power = shifted - 12582912.0f;
  const float r = (clamped - power * 0.693359375f) + power * 2.12194440e-4f;
  float p = 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  const int32_t exponent = (static_cast<int32_t>(power) + 127) << 23;
  const float scaled = p * std::bit_cast<float>(exponent);
  return x < -87.0f ? 0.0f : scaled;
}

// Sum of exp(factor * (logit - maximum)), terms to `weights`. In double, by ascending id.
double ExpAll(const std::vector<float>& logits, float maximum, float factor,
              std::vector<float>& weights) {
  const size_t count = logits.size();
  for (size_t i = 0; i < count; ++i) weights[i] = ExpNegative((logits[i] - maximum) * factor);
  double sum = 0;
  for (size_t i = 0; i < count; ++i) sum += weights[i];
  return sum;
}

}  // namespace

bool Sampler::Prepare(std::span<const float> logits, float scale, const SamplingOptions& options) {
  const size_t count = logits.size();
  logits_.resize(count);
  weights_.resize(count);
  bool is_ordered = true;
  float maximum = -INFINITY;
  for (size_t i = 0; i < count; ++i) {
    const float logit = logits[i] * scale;
    logits_[i] = logit;
    is_ordered &= logit == logit;
    maximum = logit > maximum ? logit : maximum;
  }
  if (!is_ordered || !std::isfinite(maximum)) return false;
  greedy_ = static_cast<int32_t>(std::find(logits_.begin(), logits_.end(), maximum) -
                                 logits_.begin());
  log_total_ = maximum + std::log(ExpAll(logits_, maximum, 1, weights_));
  is_greedy_ = options.temperature == 0;
  if (is_greedy_) return true;
  if (options.temperature != 1) {
    ExpAll(logits_, maximum, static_cast<float>(1 / options.temperature), weights_);
  }
  Truncate(options);
  Accumulate();
  return true;
}

void Sampler::Truncate(const SamplingOptions& options) {
  const int32_t count = static_cast<int32_t>(weights_.size());
  int32_t kept = options.top_k > 0 ? std::min(options.top_k, count) : count;
  if (kept < count || options.top_p < 1) {
    order_.resize(count);
    std::iota(order_.begin(), order_.end(), 0);
    const auto by_weight = [this](int32_t a, int32_t b) {
      return weights_[a] != weights_[b] ? weights_[a] > weights_[b] : a < b;
    };
    std::partial_sort(order_.begin(), order_.begin() + kept, order_.end(), by_weight);
    if (options.top_p < 1) {
      double total = 0;
      for (int32_t i = 0; i < kept; ++i) total += weights_[order_[i]];
      double sum = 0;
      int32_t within = 0;  // the smallest set that reaches top_p, at least one token
      while (within < kept && (within == 0 || sum < options.top_p * total)) {
        sum += weights_[order_[within++]];
      }
      kept = within;
    }
    for (int32_t i = kept; i < count; ++i) weights_[order_[i]] = 0;
  }
  if (options.min_p > 0) {  // relative to the most probable token, whose weight is 1
    const float least = static_cast<float>(options.min_p);
    for (float& weight : weights_) weight = weight < least ? 0 : weight;
  }
}

void Sampler::Accumulate() {
  cumulative_.resize(weights_.size());
  double sum = 0;
  for (size_t i = 0; i < weights_.size(); ++i) cumulative_[i] = sum += weights_[i];
}

int32_t Sampler::Draw(double uniform) const {
  if (is_greedy_) return greedy_;
  const double target = uniform * cumulative_.back();
  // The first id whose running sum exceeds the target: it has a positive weight.
  const auto found = std::upper_bound(cumulative_.begin(), cumulative_.end(), target);
  if (found != cumulative_.end()) return static_cast<int32_t>(found - cumulative_.begin());
  return greedy_;  // uniform * total rounded up to total
}

float Sampler::LogProbability(int32_t token) const {
  return static_cast<float>(logits_[token] - log_total_);
}

}  // namespace espalier
