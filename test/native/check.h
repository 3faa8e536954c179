// A small test harness: TEST cases register themselves, CHECK macros report and go on, and
// RunTests, called by each program's main, prints `N passed, N failed`.
#pragma once

#include <cstdio>
#include <vector>

namespace espalier::test {

struct TestCase {
  const char* name;
  void (*body)();
};

inline std::vector<TestCase>& TestCases() {
  static std::vector<TestCase> cases;
  return cases;
}

// Failed checks so far; only the first few of a case are printed.
inline int& FailedChecks() {
  static int count = 0;
  return count;
}

struct Registration {
  Registration(const char* name, void (*body)()) { TestCases().push_back({name, body}); }
};

inline bool ReportCheck(bool passed, const char* file, int line, const char* text) {
  if (!passed && ++FailedChecks() <= 10) std::fprintf(stderr, "%s:%d: %s\n", file, line, text);
  return passed;
}

inline int RunTests() {
  int passed = 0;
  int failed = 0;
  for (const TestCase& test : TestCases()) {
    FailedChecks() = 0;
    test.body();
    if (FailedChecks() == 0) {
      ++passed;
    } else {
      ++failed;
      std::fprintf(stderr, "%s: %d failed checks\n", test.name, FailedChecks());
    }
  }
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 && passed > 0 ? 0 : 1;
}

}  // namespace espalier::test

#define TEST(NAME)                                                              \
  static void NAME();                                                           \
  static const ::espalier::test::Registration NAME##_registration{#NAME, NAME}; \
  static void NAME()

// True when the condition holds; a failure is printed and counted.
#define CHECK(CONDITION) \
  ::espalier::test::ReportCheck(static_cast<bool>(CONDITION), __FILE__, __LINE__, #CONDITION)
