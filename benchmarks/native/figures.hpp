// Takes samples of a figure until a time budget is used up, and prints the medians as one JSON object. Times are
// seconds.
#pragma once

#include <time.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

inline double now() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

/// Bytes that no compression on the way makes smaller.
inline std::vector<char> random_bytes(size_t count) {
  std::vector<char> bytes(count);
  std::mt19937_64 engine(7);
  for (size_t i = 0; i + 8 <= count; i += 8) {
    auto word = engine();
    std::copy_n(reinterpret_cast<const char*>(&word), 8, bytes.data() + i);
  }
  return bytes;
}

class Figures {
 public:
  /// `only`: names separated by commas, empty for all. `budget`: seconds that one figure may take.
  Figures(std::string only, double budget) : only_(std::move(only)), budget_(budget) {}

  [[nodiscard]] bool wanted(std::string_view name) const {
    return only_.empty() || ("," + only_ + ",").find("," + std::string(name) + ",") != std::string::npos;
  }

  /// `sample` returns seconds for `per` operations; the first two calls warm up and do not count.
  template <class Sample>
  void take(const char* name, double per, Sample sample) {
    if (!wanted(name)) return;
    std::vector<double> taken;
    for (int i = 0; i < 2; i++) sample();
    for (double start = now(); taken.size() < 5 || (now() - start < budget_ && taken.size() < kMostSamples);)
      taken.push_back(sample() / per);
    add(name, std::move(taken));
  }

  void add(const char* name, std::vector<double> taken) {
    std::sort(taken.begin(), taken.end());
    char line[256];
    std::snprintf(line, sizeof line, R"(%s"%s": {"median": %.4g, "low": %.4g, "high": %.4g, "samples": %zu})",
                  text_.empty() ? "" : ", ", name, at(taken, 0.5), at(taken, 0.1), at(taken, 0.9), taken.size());
    text_ += line;
  }

  void print(const std::string& device) const {
    std::printf("{\"device\": \"%s\", \"figures\": {%s}}\n", device.c_str(), text_.c_str());
  }

 private:
  static constexpr size_t kMostSamples = 20000;

  static double at(const std::vector<double>& sorted, double part) {
    return sorted[static_cast<size_t>(part * static_cast<double>(sorted.size() - 1))];
  }

  std::string only_;
  double budget_;
  std::string text_;
};

}  // namespace bench
