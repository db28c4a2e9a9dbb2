#include "null/platform.hpp"

#include <algorithm>
#include <cstring>

#include "null/answer.hpp"
#include "null/settings.hpp"

#define EXPORTED __attribute__((visibility("default")))

namespace cenote::null {

cl_platform_id platform() {
  static cl_platform_id only = Pool<_cl_platform_id>::instance().make();
  return only;
}

const std::vector<Ref<_cl_device_id>>& devices() {
  static const auto* all = [] {
    auto* list = new std::vector<Ref<_cl_device_id>>;
    for (cl_uint i = 0; i < device_count(); ++i) {
      cl_device_id device = Pool<_cl_device_id>::instance().make();
      if (device == nullptr) break;
      device->index = i;
      list->emplace_back(device);
    }
    return list;
  }();
  return *all;
}

std::vector<std::string> split(const std::string& words) {
  std::vector<std::string> list;
  for (size_t begin = 0; begin < words.size();) {
    size_t end = std::min(words.find(' ', begin), words.size());
    list.push_back(words.substr(begin, end - begin));
    begin = end + 1;
  }
  return list;
}

std::vector<cl_name_version> name_versions(const std::vector<std::string>& names, cl_version version) {
  std::vector<cl_name_version> list;
  for (const std::string& name : names) {
    cl_name_version& entry = list.emplace_back();
    entry = {};
    entry.version = version;
    std::strncpy(entry.name, name.c_str(), sizeof entry.name - 1);
  }
  return list;
}

const std::string& extensions() {
  static const auto* all = new std::string(
      "cl_khr_byte_addressable_store cl_khr_create_command_queue cl_khr_device_uuid cl_khr_extended_versioning "
      "cl_khr_fp64 cl_khr_global_int32_base_atomics cl_khr_global_int32_extended_atomics cl_khr_icd cl_khr_il_program "
      "cl_khr_int64_base_atomics cl_khr_int64_extended_atomics cl_khr_local_int32_base_atomics "
      "cl_khr_local_int32_extended_atomics cl_khr_subgroups");
  return *all;
}

static cl_int platform_info(cl_platform_id id, cl_platform_info name, Answer answer) {
  if (id != platform()) return CL_INVALID_PLATFORM;
  switch (name) {
    case CL_PLATFORM_PROFILE:
      return answer.text("FULL_PROFILE");
    case CL_PLATFORM_VERSION:
      return answer.text("OpenCL 3.0 Cenote null");
    case CL_PLATFORM_NAME:
      return answer.text("Cenote null");
    case CL_PLATFORM_VENDOR:
      return answer.text("Cenote");
    case CL_PLATFORM_EXTENSIONS:
      return answer.text(extensions());
    case CL_PLATFORM_HOST_TIMER_RESOLUTION:
      return answer.number<cl_ulong>(1);
    case CL_PLATFORM_NUMERIC_VERSION:
      return answer.number<cl_version>(kVersion);
    case CL_PLATFORM_EXTENSIONS_WITH_VERSION:
      return answer.list(name_versions(split(extensions()), kFirstVersion));
    case CL_PLATFORM_ICD_SUFFIX_KHR:
      return answer.text("CENOTENULL");
    default:
      return CL_INVALID_VALUE;
  }
}

}  // namespace cenote::null

using namespace cenote::null;  // NOLINT: the rest of the file is the API

EXPORTED cl_int clIcdGetPlatformIDsKHR(cl_uint num_entries, cl_platform_id* platforms, cl_uint* num_platforms) {
  if ((platforms == nullptr && num_platforms == nullptr) || (platforms != nullptr && num_entries == 0)) {
    return CL_INVALID_VALUE;
  }
  if (platform() == nullptr) return CL_OUT_OF_HOST_MEMORY;
  if (platforms != nullptr) platforms[0] = platform();
  if (num_platforms != nullptr) *num_platforms = 1;
  return CL_SUCCESS;
}

cl_int clGetPlatformIDs(cl_uint num_entries, cl_platform_id* platforms, cl_uint* num_platforms) {
  return clIcdGetPlatformIDsKHR(num_entries, platforms, num_platforms);
}

EXPORTED cl_int clGetPlatformInfo(cl_platform_id id, cl_platform_info param_name, size_t param_value_size,
                                  void* param_value, size_t* param_value_size_ret) {
  return platform_info(id, param_name, {param_value_size, param_value, param_value_size_ret});
}

cl_int clGetDeviceIDs(cl_platform_id id, cl_device_type device_type, cl_uint num_entries, cl_device_id* list,
                      cl_uint* num_devices) {
  if (id != platform()) return CL_INVALID_PLATFORM;
  if ((list == nullptr && num_devices == nullptr) || (list != nullptr && num_entries == 0)) return CL_INVALID_VALUE;
  constexpr cl_device_type kNamed = CL_DEVICE_TYPE_DEFAULT | CL_DEVICE_TYPE_CPU | CL_DEVICE_TYPE_GPU |
                                    CL_DEVICE_TYPE_ACCELERATOR | CL_DEVICE_TYPE_CUSTOM;
  if (device_type != CL_DEVICE_TYPE_ALL && ((device_type & ~kNamed) != 0 || device_type == 0)) {
    return CL_INVALID_DEVICE_TYPE;
  }
  size_t count = 0;
  if ((device_type & CL_DEVICE_TYPE_GPU) != 0) {
    count = devices().size();
  } else if ((device_type & CL_DEVICE_TYPE_DEFAULT) != 0) {
    count = std::min<size_t>(devices().size(), 1);
  }
  if (num_devices != nullptr) *num_devices = static_cast<cl_uint>(count);
  if (count == 0) return CL_DEVICE_NOT_FOUND;
  for (size_t i = 0; list != nullptr && i < std::min<size_t>(count, num_entries); ++i) list[i] = devices()[i].get();
  return CL_SUCCESS;
}

cl_int clUnloadPlatformCompiler(cl_platform_id id) { return id == platform() ? CL_SUCCESS : CL_INVALID_PLATFORM; }

cl_int clUnloadCompiler() { return CL_SUCCESS; }
