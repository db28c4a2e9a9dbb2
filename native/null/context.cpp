#include <algorithm>

#include "null/answer.hpp"
#include "null/objects.hpp"
#include "null/platform.hpp"
#include "null/settings.hpp"

using namespace cenote::null;  // NOLINT: the whole file is the API

_cl_context::~_cl_context() {
  for (auto n = on_destroy.rbegin(); n != on_destroy.rend(); ++n) n->function(this, n->user_data);
  for (const auto& device : devices) device->root()->memory_in_use.fetch_sub(context_memory());
}

bool _cl_context::has(cl_device_id device) const {
  return std::any_of(devices.begin(), devices.end(), [=](const auto& d) { return d.get() == device; });
}

cl_context clCreateContext(const cl_context_properties* properties, cl_uint num_devices, const cl_device_id* list,
                           void(CL_CALLBACK* pfn_notify)(const char*, const void*, size_t, void*), void* user_data,
                           cl_int* errcode_ret) {
  if (num_devices == 0 || list == nullptr || (pfn_notify == nullptr && user_data != nullptr)) {
    return failed(errcode_ret, CL_INVALID_VALUE);
  }
  std::vector<cl_context_properties> given = property_list(properties);
  for (size_t i = 0; i + 1 < given.size(); i += 2) {
    if (given[i] == CL_CONTEXT_PLATFORM && given[i + 1] != reinterpret_cast<cl_context_properties>(platform())) {
      return failed(errcode_ret, CL_INVALID_PLATFORM);
    }
    if (given[i] != CL_CONTEXT_PLATFORM && given[i] != CL_CONTEXT_INTEROP_USER_SYNC) {
      return failed(errcode_ret, CL_INVALID_PROPERTY);
    }
  }
  if (!std::all_of(list, list + num_devices, valid<_cl_device_id>)) return failed(errcode_ret, CL_INVALID_DEVICE);
  cl_context context = Pool<_cl_context>::instance().make();
  if (context != nullptr) {
    context->properties = std::move(given);
    for (cl_uint i = 0; i < num_devices; ++i) {
      if (context->has(list[i])) continue;
      context->devices.emplace_back(list[i]);
      list[i]->root()->memory_in_use.fetch_add(context_memory());
    }
  }
  return made(context, errcode_ret);
}

cl_context clCreateContextFromType(const cl_context_properties* properties, cl_device_type device_type,
                                   void(CL_CALLBACK* pfn_notify)(const char*, const void*, size_t, void*),
                                   void* user_data, cl_int* errcode_ret) {
  std::vector<cl_device_id> list(std::max<size_t>(devices().size(), 1));
  cl_uint count = 0;
  cl_int bad = clGetDeviceIDs(platform(), device_type, static_cast<cl_uint>(list.size()), list.data(), &count);
  if (bad != CL_SUCCESS) return failed(errcode_ret, bad);
  return clCreateContext(properties, count, list.data(), pfn_notify, user_data, errcode_ret);
}

cl_int clRetainContext(cl_context context) { return retain(context, CL_INVALID_CONTEXT); }

cl_int clReleaseContext(cl_context context) { return release(context, CL_INVALID_CONTEXT); }

cl_int clGetContextInfo(cl_context context, cl_context_info param_name, size_t param_value_size, void* param_value,
                        size_t* param_value_size_ret) {
  if (!valid(context)) return CL_INVALID_CONTEXT;
  Answer answer{param_value_size, param_value, param_value_size_ret};
  switch (param_name) {
    case CL_CONTEXT_REFERENCE_COUNT:
      return answer.number<cl_uint>(Pool<_cl_context>::instance().handles(context));
    case CL_CONTEXT_NUM_DEVICES:
      return answer.number<cl_uint>(static_cast<cl_uint>(context->devices.size()));
    case CL_CONTEXT_DEVICES: {
      std::vector<cl_device_id> list;
      list.reserve(context->devices.size());
      for (const auto& device : context->devices) list.push_back(device.get());
      return answer.list(list);
    }
    case CL_CONTEXT_PROPERTIES:
      return answer.list(context->properties);
    default:
      return CL_INVALID_VALUE;
  }
}

cl_int clSetContextDestructorCallback(cl_context context, void(CL_CALLBACK* pfn_notify)(cl_context, void*),
                                      void* user_data) {
  if (!valid(context)) return CL_INVALID_CONTEXT;
  if (pfn_notify == nullptr) return CL_INVALID_VALUE;
  std::lock_guard lock(context->mutex);
  context->on_destroy.push_back({pfn_notify, user_data});
  return CL_SUCCESS;
}
