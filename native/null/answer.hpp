// The common end of every info query.
#pragma once

#include <cstring>
#include <string_view>
#include <type_traits>
#include <vector>

#include "api/opencl_api.hpp"

namespace cenote::null {

/// Where the program wants an answer.
struct Answer {
  size_t capacity;
  void* value;
  size_t* size_ret;

  cl_int bytes(const void* data, size_t size) const {
    if (value != nullptr) {
      if (capacity < size) return CL_INVALID_VALUE;
      if (size != 0) std::memcpy(value, data, size);
    }
    if (size_ret != nullptr) *size_ret = size;
    return CL_SUCCESS;
  }
  template <class T>
  cl_int number(std::type_identity_t<T> v) const {
    return bytes(&v, sizeof(T));
  }
  cl_int flag(bool v) const { return number<cl_bool>(v ? 1 : 0); }
  cl_int text(std::string_view v) const {
    if (value != nullptr) {
      if (capacity < v.size() + 1) return CL_INVALID_VALUE;
      std::memcpy(value, v.data(), v.size());
      static_cast<char*>(value)[v.size()] = '\0';
    }
    if (size_ret != nullptr) *size_ret = v.size() + 1;
    return CL_SUCCESS;
  }
  template <class T>
  cl_int list(const std::vector<T>& v) const {
    return bytes(v.data(), v.size() * sizeof(T));
  }
};

/// Writes an error code where the program wants one.
inline void put_error(cl_int* errcode_ret, cl_int code) {
  if (errcode_ret != nullptr) *errcode_ret = code;
}

/// The end of a function that makes an object: NULL means that there was no room for it.
template <class T>
T* made(T* object, cl_int* errcode_ret) {
  put_error(errcode_ret, object == nullptr ? CL_OUT_OF_HOST_MEMORY : CL_SUCCESS);
  return object;
}

inline std::nullptr_t failed(cl_int* errcode_ret, cl_int code) {
  put_error(errcode_ret, code);
  return nullptr;
}

/// A list of properties with its closing zero; empty for NULL.
template <class T>
std::vector<T> property_list(const T* properties) {
  std::vector<T> list;
  if (properties == nullptr) return list;
  for (; *properties != 0; properties += 2) list.insert(list.end(), properties, properties + 2);
  list.push_back(0);
  return list;
}

}  // namespace cenote::null
