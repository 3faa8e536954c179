// The sampler against a plain one in double precision, Philox against its published answers, and
// the stop matcher against a search of the whole text.
// sources: native/engine/sampler.cc native/engine/stop_matcher.cc native/kernels/*.cc
#include "engine/sampler.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <string>

#include "check.h"
#include "engine/philox.h"
#include "engine/stop_matcher.h"
#include "kernels/kernel_set.h"

namespace espalier::test {
namespace {

std::vector<float> RandomLogits(std::mt19937& random, int count) {
  std::normal_distribution<float> normal(0, 4);
  std::vector<float> logits(count);
  for (auto& logit : logits) logit = std::round(normal(random) * 8) / 8;  // ties are frequent
  return logits;
}

// Probabilities after temperature, top-k, top-p and min-p, straight from their definitions.
std::vector<double> Distribution(const std::vector<float>& logits, const SamplingOptions& options) {
  const size_t count = logits.size();
  std::vector<double> p(count);
  const double maximum = *std::max_element(logits.begin(), logits.end());
  for (size_t i = 0; i < count; ++i) p[i] = std::exp((logits[i] - maximum) / options.temperature);
  std::vector<size_t> order(count);
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return p[a] > p[b]; });
  if (options.top_k > 0) {
    for (size_t i = options.top_k; i < count; ++i) p[order[i]] = 0;
  }
  const double total = std::accumulate(p.begin(), p.end(), 0.0);
  double sum = 0;
  for (size_t i = 0; i < count; ++i) {
    const double before = sum;
    sum += p[order[i]];
    if (i > 0 && options.top_p < 1 && before >= options.top_p * total) p[order[i]] = 0;
  }
  const double most = *std::max_element(p.begin(), p.end());
  for (auto& value : p) value = value < options.min_p * most ? 0 : value;
  const double rest = std::accumulate(p.begin(), p.end(), 0.0);
  for (auto& value : p) value /= rest;
  return p;
}

TEST(softmax_kernels_agree_with_double_and_with_each_other) {
  std::mt19937 random(9);
  for (const int32_t count : {1, 15, 16, 17, 255, 256, 257, 1000, 49152}) {
    const auto logits = RandomLogits(random, count);
    const float maximum = MaximumLogit(logits.data(), count, 0.5f);
    CHECK(maximum == *std::max_element(logits.begin(), logits.end()) * 0.5f);
    std::vector<float> first;
    for (const Isa isa : {Isa::kAvx2, Isa::kAvx512, Isa::kBaseline}) {
      const KernelSet* set = FindKernelSet(isa);
      if (set == nullptr) continue;
      std::vector<float> weights(count);
      std::vector<double> sums((count + kSoftmaxBlock - 1) / kSoftmaxBlock);
      const double total =
          set->softmax({logits.data(), count, 0.5f, maximum, 1.25f, weights.data(), sums.data()});
      double want_total = 0;
      double want_sum = 0;
      for (int32_t i = 0; i < count; ++i) {
        const double distance = double{logits[i]} * 0.5 - maximum;
        want_total += std::exp(distance);
        want_sum += std::exp(distance * 1.25);
        const double want = std::exp(distance * 1.25);
        CHECK(std::abs(weights[i] - want) <= 1e-7 * (4 - distance) * want);
      }
      CHECK(std::abs(total / want_total - 1) < 1e-6);
      CHECK(std::abs(std::accumulate(sums.begin(), sums.end(), 0.0) / want_sum - 1) < 1e-6);
      if (first.empty()) first = weights;
      if (isa != Isa::kBaseline) CHECK(weights == first);
    }
  }
}

TEST(philox_gives_the_published_answers) {
  using Words = std::array<uint32_t, 4>;
  CHECK(
      (Philox4x32({0, 0, 0, 0}, {0, 0}) == Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  CHECK((Philox4x32({~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}) ==
         Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  CHECK((Philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
         Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(draws_invert_the_distribution) {
  std::mt19937 random(1);
  Sampler sampler;
  for (int round = 0; round < 300; ++round) {
    const auto logits = RandomLogits(random, 1 + static_cast<int>(random() % 200));
    SamplingOptions options;
    options.temperature = 0.2 + (random() % 20) / 10.0;
    if (round % 3 == 0) options.top_k = 1 + static_cast<int>(random() % 20);
    if (round % 4 == 0) options.top_p = 0.05 + (random() % 90) / 100.0;
    if (round % 5 == 0) options.min_p = (random() % 50) / 100.0;
    CHECK(sampler.Prepare(logits, 1, options));
    const auto p = Distribution(logits, options);
    for (int i = 0; i < 50; ++i) {
      const double uniform = (random() + 0.5) / 4294967296.0;
      const int32_t token = sampler.Draw(uniform);
      const double below = std::accumulate(p.begin(), p.begin() + token, 0.0);
      CHECK(p[token] > 0);
      CHECK(uniform >= below - 1e-5 && uniform <= below + p[token] + 1e-5);
    }
  }
}

TEST(greedy_takes_the_lowest_id_of_equals) {
  Sampler sampler;
  SamplingOptions greedy;
  greedy.temperature = 0;
  const std::vector<float> logits = {1, 3, 3, 2};
  CHECK(sampler.Prepare(logits, 1, greedy));
  CHECK(sampler.Draw(0.99) == 1);
}

TEST(log_probabilities_are_at_temperature_one) {
  std::mt19937 random(2);
  Sampler sampler;
  SamplingOptions options;
  for (int round = 0; round < 50; ++round) {
    const auto logits = RandomLogits(random, 100);
    options.temperature = round % 2 == 0 ? 0 : 0.7;
    options.top_k = 3;
    const float scale = 0.5f;
    CHECK(sampler.Prepare(logits, scale, options));
    double total = 0;
    for (const float logit : logits) total += std::exp(double{logit} * scale);
    for (int32_t token = 0; token < 100; ++token) {
      const double want = double{logits[token]} * scale - std::log(total);
      CHECK(std::abs(sampler.LogProbability(token) - want) < 2e-6 * (1 + std::abs(want)));
    }
  }
}

TEST(rows_without_a_finite_maximum_are_refused) {
  Sampler sampler;
  CHECK(!sampler.Prepare(std::vector<float>{1, NAN, 2}, 1, {}));
  CHECK(!sampler.Prepare(std::vector<float>{1, INFINITY}, 1, {}));
  CHECK(!sampler.Prepare(std::vector<float>{-INFINITY, -INFINITY}, 1, {}));
  const std::vector<float> masked = {-INFINITY, 1};
  CHECK(sampler.Prepare(masked, 1, {}));
  CHECK(sampler.Draw(0) == 1);
}

// First offset one past the delimiter's first occurrence after non-blank text, or npos.
size_t DelimiterEnd(const std::string& text, const std::string& delimiter) {
  const size_t first = text.find_first_not_of(" \n\t\r\v\f");
  if (first == std::string::npos) return std::string::npos;
  const size_t found = text.find(delimiter, first + 1);
  return found == std::string::npos ? found : found + delimiter.size();
}

TEST(the_delimiter_is_found_wherever_token_edges_fall) {
  std::mt19937 random(3);
  int found = 0;
  for (int round = 0; round < 3000; ++round) {
    const std::string delimiter = round % 2 == 0 ? "\n\n" : "ab\na";
    const auto strings = std::make_shared<const StopStrings>(delimiter, std::vector<std::string>());
    std::string text(random() % 30, ' ');
    for (auto& byte : text) byte = " \n\nab"[random() % 5];
    const size_t want = DelimiterEnd(text, delimiter);
    StopMatcher matcher(strings);
    size_t at = 0;
    while (at < text.size()) {
      const size_t length = std::min<size_t>(1 + random() % 4, text.size() - at);
      const auto answer = matcher.Feed(std::string_view(text).substr(at, length));
      const bool is_here = want != std::string::npos && want > at && want <= at + length;
      CHECK((answer == StopMatcher::Found::kDelimiter) == is_here);
      if (is_here) break;
      at += length;
    }
    found += at < text.size();
  }
  CHECK(found > 500);
}

TEST(stop_strings_need_no_text_before_them) {
  const auto strings =
      std::make_shared<const StopStrings>("\n\n", std::vector<std::string>{"\n \n"});
  StopMatcher matcher(strings);
  CHECK(matcher.Feed("\n\n") == StopMatcher::Found::kNone);
  CHECK(matcher.Feed(" ") == StopMatcher::Found::kNone);
  CHECK(matcher.Feed("\n") == StopMatcher::Found::kStop);
}

}  // namespace
}  // namespace espalier::test

int main() { return espalier::test::RunTests(); }
