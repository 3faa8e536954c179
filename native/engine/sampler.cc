#include "engine/sampler.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "kernels/softmax.h"

namespace espalier {

bool Sampler::Prepare(std::span<const float> logits, float scale, const SamplingOptions& options) {
  const auto count = static_cast<int32_t>(logits.size());
  logits_ = logits;
  scale_ = scale;
  maximum_ = MaximumLogit(logits.data(), count, scale);
  if (!std::isfinite(maximum_)) return false;
  is_greedy_ = options.temperature == 0;
  weights_.resize(logits.size());
  block_sums_.resize((logits.size() + kSoftmaxBlock - 1) / kSoftmaxBlock);
  const float inverse = is_greedy_ ? 1.0f : static_cast<float>(1 / options.temperature);
  const double total = Softmax(
      {logits.data(), count, scale, maximum_, inverse, weights_.data(), block_sums_.data()});
  log_total_ = maximum_ + std::log(total);
  if (!is_greedy_) Truncate(options);
  sum_ = std::accumulate(block_sums_.begin(), block_sums_.end(), 0.0);
  return true;
}

void Sampler::Truncate(const SamplingOptions& options) {
  const auto count = static_cast<int32_t>(weights_.size());
  int32_t kept = options.top_k > 0 ? std::min(options.top_k, count) : count;
  const bool is_sorted = kept < count || options.top_p < 1;
  if (!is_sorted && options.min_p == 0) return;
  if (is_sorted) {
    order_.resize(weights_.size());
    std::iota(order_.begin(), order_.end(), 0);
    if (kept < count) SortFirst(kept);
    if (options.top_p < 1) kept = CountWithin(options.top_p, kept);
    for (int32_t i = kept; i < count; ++i) weights_[order_[i]] = 0;
  }
  const float least = static_cast<float>(options.min_p);  // the most probable weighs 1
  for (float& weight : weights_) weight = weight < least ? 0 : weight;
  for (size_t block = 0; block < block_sums_.size(); ++block) {
    const auto begin = weights_.begin() + static_cast<int64_t>(block * kSoftmaxBlock);
    const auto end =
        weights_.end() - begin > kSoftmaxBlock ? begin + kSoftmaxBlock : weights_.end();
    block_sums_[block] = std::accumulate(begin, end, 0.0);
  }
}

// Puts the `count` heaviest ids first, by falling weight; of equals the lower id.
void Sampler::SortFirst(int32_t count) {
  const auto by_weight = [this](int32_t a, int32_t b) {
    return weights_[a] != weights_[b] ? weights_[a] > weights_[b] : a < b;
  };
  std::nth_element(order_.begin(), order_.begin() + (count - 1), order_.end(), by_weight);
  std::sort(order_.begin(), order_.begin() + count, by_weight);
}

// How many of the `limit` heaviest ids reach `mass` of their sum, at least one. Sorts a growing
// head: few tokens carry most of a distribution.
int32_t Sampler::CountWithin(double mass, int32_t limit) {
  double total = 0;
  if (limit < static_cast<int32_t>(weights_.size())) {
    for (int32_t i = 0; i < limit; ++i) total += weights_[order_[i]];
  } else {
    total = std::accumulate(block_sums_.begin(), block_sums_.end(), 0.0);
  }
  double sum = 0;
  int32_t sorted = 0;
  for (int32_t within = 0; within < limit;) {
    if (within == sorted) {
      sorted = std::min(limit, std::max(64, 4 * sorted));
      SortFirst(sorted);
    }
    sum += weights_[order_[within++]];
    if (sum >= mass * total) return within;
  }
  return limit;
}

int32_t Sampler::Draw(double uniform) const {
  if (is_greedy_) return Greedy();
  double left = uniform * sum_;
  size_t block = 0;
  while (block + 1 < block_sums_.size() && left >= block_sums_[block]) left -= block_sums_[block++];
  // The first id whose running sum exceeds what is left has a positive weight; rounding may pass
  // them all, then it is the last that has one.
  const auto begin = static_cast<int32_t>(block * kSoftmaxBlock);
  const auto end = std::min<int32_t>(begin + kSoftmaxBlock, static_cast<int32_t>(weights_.size()));
  int32_t last = -1;
  double sum = 0;
  for (int32_t id = begin; id < end; ++id) {
    if (weights_[id] == 0) continue;
    last = id;
    sum += weights_[id];
    if (sum > left) return id;
  }
  return last >= 0 ? last : Greedy();
}

int32_t Sampler::Greedy() const {
  int32_t id = 0;
  while (logits_[id] * scale_ != maximum_) ++id;
  return id;
}

float Sampler::LogProbability(int32_t token) const {
  return static_cast<float>(double{logits_[token] * scale_} - log_total_);
}

}  // namespace espalier
