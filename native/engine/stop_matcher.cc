#include "engine/stop_matcher.h"

#include <utility>

namespace espalier {
namespace {

std::vector<int32_t> FailureTable(const std::string& pattern) {
  std::vector<int32_t> failure(pattern.size(), 0);
  int32_t k = 0;
  for (size_t i = 1; i < pattern.size(); ++i) {
    while (k > 0 && pattern[i] != pattern[k]) k = failure[k - 1];
    if (pattern[i] == pattern[k]) ++k;
    failure[i] = k;
  }
  return failure;
}

bool IsBlank(char byte) {
  return byte == ' ' || byte == '\n' || byte == '\t' || byte == '\r' || byte == '\v' ||
         byte == '\f';
}

}  // namespace

StopStrings::StopStrings(std::string delimiter, std::vector<std::string> stops) {
  const auto add = [this](std::string bytes, bool is_delimiter) {
    if (bytes.empty()) return;
    auto failure = FailureTable(bytes);
    patterns_.push_back({std::move(bytes), std::move(failure), is_delimiter});
  };
  add(std::move(delimiter), true);
  for (auto& stop : stops) add(std::move(stop), false);
}

StopMatcher::StopMatcher(std::shared_ptr<const StopStrings> strings)
    : strings_(std::move(strings)), matched_(strings_ ? strings_->patterns_.size() : 0, 0) {}

StopMatcher::Found StopMatcher::Feed(std::string_view bytes) {
  Found found = Found::kNone;
  for (const char byte : bytes) {
    if (first_text_ < 0 && !IsBlank(byte)) first_text_ = length_;
    ++length_;
    for (size_t p = 0; p < matched_.size(); ++p) {
      const auto& pattern = strings_->patterns_[p];
      int32_t& k = matched_[p];
      while (k > 0 && pattern.bytes[k] != byte) k = pattern.failure[k - 1];
      if (pattern.bytes[k] == byte) ++k;
      if (k < static_cast<int32_t>(pattern.bytes.size())) continue;
      k = pattern.failure[k - 1];
      const int64_t begin = length_ - static_cast<int64_t>(pattern.bytes.size());
      const bool counts = !pattern.is_delimiter || (first_text_ >= 0 && first_text_ < begin);
      if (counts && found == Found::kNone) {
        found = pattern.is_delimiter ? Found::kDelimiter : Found::kStop;
      }
    }
  }
  return found;
}

}  // namespace espalier
