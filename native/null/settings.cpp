#include "null/settings.hpp"

#include <algorithm>
#include <cstdlib>
#include <string_view>

namespace cenote::null {
namespace {
constexpr long kMaxDevices = 64;
}  // namespace

cl_uint device_count() {
  static const cl_uint count = [] {
    const char* text = std::getenv("CENOTE_NULL_DEVICES");
    return text == nullptr ? 1U : static_cast<cl_uint>(std::clamp(std::strtol(text, nullptr, 10), 0L, kMaxDevices));
  }();
  return count;
}

bool keeps_bytes() {
  static const bool keeps = [] {
    const char* text = std::getenv("CENOTE_NULL_MEMORY");
    return text != nullptr && std::string_view(text) == "1";
  }();
  return keeps;
}

uint64_t context_memory() {
  static const uint64_t bytes = [] {
    const char* text = std::getenv("CENOTE_NULL_CONTEXT");
    return text == nullptr ? 0 : uint64_t{std::strtoull(text, nullptr, 10)};
  }();
  return bytes;
}

}  // namespace cenote::null
