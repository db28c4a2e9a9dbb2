// Platforms and devices: answered from what the server said at connect.
#include <time.h>

#include <cstring>

#include "shim/opencl/ask.hpp"
#include "shim/opencl/library.hpp"
#include "shim/opencl/stub.hpp"
#include "shim/opencl_hand.hpp"

namespace cenote::opencl {

namespace {

template <class Handle, class T>
void give(const std::vector<T*>& from, cl_uint room, Handle* to) {
  for (size_t i = 0; i < from.size() && i < room; ++i) to[i] = reinterpret_cast<Handle>(from[i]);
}

bool has_timers(const Device* device) {
  return device->platform->properties.number<cl_ulong>(CL_PLATFORM_HOST_TIMER_RESOLUTION) != 0;
}

cl_ulong host_clock() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<cl_ulong>(now.tv_sec) * 1000000000ULL + static_cast<cl_ulong>(now.tv_nsec);
}

}  // namespace

namespace hand {

cl_int clGetPlatformIDs(cl_uint num_entries, cl_platform_id* out, cl_uint* num_platforms) {
  if ((num_entries == 0 && out != nullptr) || (out == nullptr && num_platforms == nullptr)) return CL_INVALID_VALUE;
  const auto& all = platforms();
  if (num_platforms != nullptr) *num_platforms = static_cast<cl_uint>(all.size());
  if (all.empty()) return CL_PLATFORM_NOT_FOUND_KHR;
  if (out != nullptr) give(all, num_entries, out);
  return CL_SUCCESS;
}

cl_int clGetPlatformInfo(cl_platform_id platform, cl_platform_info param, size_t size, void* value, size_t* size_ret) {
  Platform* object = platform_or_first(platform);
  if (object == nullptr) return CL_INVALID_PLATFORM;
  const std::string* bytes = object->properties.get(param);
  if (bytes == nullptr) return CL_INVALID_VALUE;
  return Answer{size, value, size_ret}.bytes(bytes->data(), bytes->size());
}

cl_int clUnloadPlatformCompiler(cl_platform_id platform) {
  return as<Platform>(platform) == nullptr ? CL_INVALID_PLATFORM : CL_SUCCESS;
}

cl_int clUnloadCompiler() { return CL_SUCCESS; }

void* clGetExtensionFunctionAddress(const char* name) { return name == nullptr ? nullptr : function_address(name); }

void* clGetExtensionFunctionAddressForPlatform(cl_platform_id platform, const char* name) {
  return platform_or_first(platform) == nullptr ? nullptr : clGetExtensionFunctionAddress(name);
}

cl_int clGetDeviceIDs(cl_platform_id platform, cl_device_type type, cl_uint num_entries, cl_device_id* out,
                      cl_uint* num_devices) {
  Platform* object = platform_or_first(platform);
  if (object == nullptr) return CL_INVALID_PLATFORM;
  constexpr cl_device_type kKnown = CL_DEVICE_TYPE_DEFAULT | CL_DEVICE_TYPE_CPU | CL_DEVICE_TYPE_GPU |
                                    CL_DEVICE_TYPE_ACCELERATOR | CL_DEVICE_TYPE_CUSTOM;
  if (type == 0 || (type != CL_DEVICE_TYPE_ALL && (type & ~kKnown) != 0)) return CL_INVALID_DEVICE_TYPE;
  if ((num_entries == 0 && out != nullptr) || (out == nullptr && num_devices == nullptr)) return CL_INVALID_VALUE;
  std::vector<Device*> found;
  for (Device* device : object->devices) {
    auto own = device->number<cl_device_type>(CL_DEVICE_TYPE);
    bool by_type = type == CL_DEVICE_TYPE_ALL ? (own & CL_DEVICE_TYPE_CUSTOM) == 0 : (own & type) != 0;
    if (by_type) found.push_back(device);
  }
  if ((type & CL_DEVICE_TYPE_DEFAULT) != 0 && type != CL_DEVICE_TYPE_ALL && found.empty() && !object->devices.empty()) {
    found.push_back(object->devices.front());
  }
  if (num_devices != nullptr) *num_devices = static_cast<cl_uint>(found.size());
  if (found.empty()) return CL_DEVICE_NOT_FOUND;
  if (out != nullptr) give(found, num_entries, out);
  return CL_SUCCESS;
}

cl_int clGetDeviceInfo(cl_device_id device, cl_device_info param, size_t size, void* value, size_t* size_ret) {
  auto* object = as<Device>(device);
  if (object == nullptr) return CL_INVALID_DEVICE;
  Answer answer{size, value, size_ret};
  switch (param) {
    case CL_DEVICE_PLATFORM:
      return answer.number(reinterpret_cast<cl_platform_id>(object->platform));
    case CL_DEVICE_PARENT_DEVICE:
      return answer.number(reinterpret_cast<cl_device_id>(object->parent));
    case CL_DEVICE_REFERENCE_COUNT:
      return answer.number(object->parent == nullptr ? cl_uint{1} : cl_uint{object->user_references.load()});
    case CL_DEVICE_PARTITION_TYPE:
      if (object->parent != nullptr) return answer.list(object->partition);
      break;
    default:
      break;
  }
  if (const std::string* bytes = object->properties.get(param)) return answer.bytes(bytes->data(), bytes->size());
  return ask_server(object, QueryFunction::kDevice, object->id, 0, param, 0, {}, answer);
}

cl_int clRetainDevice(cl_device_id device) {
  auto* object = as<Device>(device);
  if (object == nullptr) return CL_INVALID_DEVICE;
  return object->parent == nullptr ? CL_SUCCESS : retain<Device>(device, CL_INVALID_DEVICE);
}

cl_int clReleaseDevice(cl_device_id device) {
  auto* object = as<Device>(device);
  if (object == nullptr) return CL_INVALID_DEVICE;
  return object->parent == nullptr ? CL_SUCCESS : release<Device>(device, CL_INVALID_DEVICE);
}

cl_int clGetHostTimer(cl_device_id device, cl_ulong* host_timestamp) {
  auto* object = as<Device>(device);
  if (object == nullptr) return CL_INVALID_DEVICE;
  if (!has_timers(object)) return CL_INVALID_OPERATION;
  if (host_timestamp == nullptr) return CL_INVALID_VALUE;
  *host_timestamp = host_clock();
  return CL_SUCCESS;
}

cl_int clGetDeviceAndHostTimer(cl_device_id device, cl_ulong* device_timestamp, cl_ulong* host_timestamp) {
  auto* object = as<Device>(device);
  if (object == nullptr) return CL_INVALID_DEVICE;
  if (!has_timers(object)) return CL_INVALID_OPERATION;
  if (device_timestamp == nullptr || host_timestamp == nullptr) return CL_INVALID_VALUE;
  // The device's clock is read half a round trip before the reply is here.
  cl_ulong before = host_clock();
  cl_int status = ask_server(object, QueryFunction::kDeviceTimer, object->id, 0, 0, 0, {},
                             {sizeof(cl_ulong), device_timestamp, nullptr});
  cl_ulong after = host_clock();
  *host_timestamp = before + (after - before) / 2;
  return status;
}

}  // namespace hand
}  // namespace cenote::opencl
