// Answers to info queries: cached values by parameter, and the rules by which any value is given to the program.
#pragma once

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "api/opencl_api.hpp"
#include "wire/codec.hpp"

namespace cenote::opencl {

/// Values of an object that cannot change, as bytes, by parameter.
class Properties {
 public:
  void set(cl_uint param, const void* value, size_t size) {
    auto at = find(param);
    std::string bytes(static_cast<const char*>(value), size);
    if (at != entries_.end() && at->param == param) {
      at->value = std::move(bytes);
    } else {
      entries_.insert(at, Entry{param, std::move(bytes)});
      place();
    }
  }
  template <class T>
  void set_number(cl_uint param, T value) {
    set(param, &value, sizeof value);
  }
  void set_text(cl_uint param, std::string_view text) {
    std::string whole(text);
    set(param, whole.c_str(), whole.size() + 1);
  }
  /// NULL where there is no such property.
  [[nodiscard]] const std::string* get(cl_uint param) const {
    // The parameters of the core specification stand close together.
    if (cl_uint near = param - kFirst; near < kNear) {
      uint8_t place = near_[near];
      if (place != 0) return &entries_[place - 1].value;
      if (entries_.size() <= kMaxPlace) return nullptr;
    }
    auto at = std::lower_bound(entries_.begin(), entries_.end(), param,
                               [](const Entry& e, cl_uint key) { return e.param < key; });
    return at != entries_.end() && at->param == param ? &at->value : nullptr;
  }
  template <class T>
  [[nodiscard]] T number(cl_uint param) const {
    T value{};
    const std::string* bytes = get(param);
    if (bytes != nullptr) std::memcpy(&value, bytes->data(), std::min(sizeof value, bytes->size()));
    return value;
  }
  [[nodiscard]] std::string_view text(cl_uint param) const {
    const std::string* bytes = get(param);
    return bytes == nullptr ? std::string_view{} : std::string_view(bytes->c_str());
  }
  void remove(cl_uint param) {
    std::erase_if(entries_, [&](const Entry& e) { return e.param == param; });
    place();
  }
  /// Takes over what the server listed: a count, then parameters and values.
  bool read(wire::Reader& count_and_list);

 private:
  struct Entry {
    cl_uint param;
    std::string value;
  };
  std::vector<Entry>::iterator find(cl_uint param) {
    return std::lower_bound(entries_.begin(), entries_.end(), param,
                            [](const Entry& e, cl_uint key) { return e.param < key; });
  }
  void place() {
    near_.fill(0);
    for (size_t i = 0; i < entries_.size() && i < kMaxPlace; ++i) {
      if (cl_uint near = entries_[i].param - kFirst; near < kNear) near_[near] = static_cast<uint8_t>(i + 1);
    }
  }

  static constexpr cl_uint kFirst = CL_DEVICE_TYPE;
  static constexpr cl_uint kNear = 0x100;
  static constexpr size_t kMaxPlace = 255;
  std::vector<Entry> entries_;  // by parameter
  std::array<uint8_t, kNear> near_{};
};

/// Where the program wants the answer to a query.
struct Answer {
  size_t size;
  void* value;
  size_t* size_ret;

  cl_int bytes(const void* data, size_t n) const {
    if (value != nullptr) {
      if (size < n) return CL_INVALID_VALUE;
      // Most answers are one number, for which a call of memcpy takes longer than all else here.
      if (n == 8) {
        std::memcpy(value, data, 8);
      } else if (n == 4) {
        std::memcpy(value, data, 4);
      } else if (n != 0) {
        std::memcpy(value, data, n);
      }
    }
    if (size_ret != nullptr) *size_ret = n;
    return CL_SUCCESS;
  }
  template <class T>
  cl_int number(T v) const {
    return bytes(&v, sizeof(T));
  }
  [[nodiscard]] cl_int text(std::string_view t) const {
    std::string whole(t);
    return bytes(whole.c_str(), whole.size() + 1);
  }
  template <class T>
  cl_int list(const std::vector<T>& v) const {
    return bytes(v.data(), v.size() * sizeof(T));
  }
};

}  // namespace cenote::opencl
