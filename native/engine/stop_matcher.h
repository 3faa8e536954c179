// Finds the step delimiter and stop strings in a run's bytes as its tokens arrive, wherever token
// edges fall. Bytes of one run only: a string that began in the run before does not count.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace espalier {

// The strings of one sample call, shared by its children.
class StopStrings {
 public:
  // An empty delimiter: none. Empty stops are ignored.
  StopStrings(std::string delimiter, std::vector<std::string> stops);

 private:
  friend class StopMatcher;
  struct Pattern {
    std::string bytes;
    std::vector<int32_t> failure;  // Knuth-Morris-Pratt
    bool is_delimiter;
  };
  std::vector<Pattern> patterns_;
};

class StopMatcher {
 public:
  enum class Found { kNone, kDelimiter, kStop };

  // Null: finds nothing.
  explicit StopMatcher(std::shared_ptr<const StopStrings> strings);

  // Feeds one token's bytes. The first string that it completes counts; a delimiter counts only
  // after non-blank text.
  Found Feed(std::string_view bytes);

 private:
  std::shared_ptr<const StopStrings> strings_;
  std::vector<int32_t> matched_;  // per pattern: bytes matched so far
  int64_t length_ = 0;            // bytes fed
  int64_t first_text_ = -1;       // offset of the first non-blank byte
};

}  // namespace espalier
