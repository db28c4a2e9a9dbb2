// What native tests need: a check that says where it failed and lets the test go on.
#pragma once

#include <atomic>
#include <cstdio>

namespace cenote::test {

inline std::atomic<int> failures{0};

inline bool check(bool holds, const char* what, const char* file, int line) {
  if (!holds) {
    ++failures;
    std::fprintf(stderr, "%s:%d: failed: %s\n", file, line, what);
  }
  return holds;
}

/// What main returns.
inline int result() { return failures.load() == 0 ? 0 : 1; }

}  // namespace cenote::test

#define CHECK(condition) ::cenote::test::check((condition), #condition, __FILE__, __LINE__)
/// Ends the current function where going on makes no sense.
#define REQUIRE(condition)         \
  do {                             \
    if (!CHECK(condition)) return; \
  } while (false)
