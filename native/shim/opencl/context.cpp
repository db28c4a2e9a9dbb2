// Contexts.
#include "shim/callbacks.hpp"
#include "shim/opencl/library.hpp"
#include "shim/opencl/stub.hpp"
#include "shim/opencl_hand.hpp"

namespace cenote::opencl {

namespace {

/// Parses a context's properties. CL_SUCCESS, or what is wrong with them; the platform goes to `*platform`.
cl_int parse(const cl_context_properties* properties, std::vector<cl_context_properties>* kept, Platform** platform) {
  if (properties == nullptr) return CL_SUCCESS;
  bool platform_seen = false;
  bool sync_seen = false;
  for (const auto* p = properties; *p != 0; p += 2) {
    if (p[0] == CL_CONTEXT_PLATFORM) {
      if (platform_seen) return CL_INVALID_PROPERTY;
      platform_seen = true;
      *platform = as<Platform>(reinterpret_cast<void*>(p[1]));
      if (*platform == nullptr) return CL_INVALID_PLATFORM;
    } else if (p[0] == CL_CONTEXT_INTEROP_USER_SYNC) {
      if (sync_seen || (p[1] != 0 && p[1] != 1)) return CL_INVALID_PROPERTY;
      sync_seen = true;
    } else {
      return CL_INVALID_PROPERTY;
    }
    kept->push_back(p[0]);
    kept->push_back(p[1]);
  }
  kept->push_back(0);
  return CL_SUCCESS;
}

}  // namespace

namespace hand {

cl_context clCreateContext(const cl_context_properties* properties, cl_uint num_devices, const cl_device_id* devices,
                           void(CL_CALLBACK* pfn_notify)(const char*, const void*, size_t, void*), void* user_data,
                           cl_int* errcode_ret) {
  if (num_devices == 0 || devices == nullptr || (pfn_notify == nullptr && user_data != nullptr)) {
    return fail<cl_context>(errcode_ret, CL_INVALID_VALUE);
  }
  std::vector<cl_context_properties> kept;
  Platform* platform = nullptr;
  if (cl_int bad = parse(properties, &kept, &platform); bad != CL_SUCCESS) return fail<cl_context>(errcode_ret, bad);
  if (!opened()) return fail<cl_context>(errcode_ret, CL_INVALID_DEVICE);
  std::vector<Device*> list;
  std::vector<uint64_t> ids;
  for (cl_uint i = 0; i < num_devices; ++i) {
    auto* device = as<Device>(devices[i]);
    if (device == nullptr) return fail<cl_context>(errcode_ret, CL_INVALID_DEVICE);
    if ((platform != nullptr && device->platform != platform) ||
        (!list.empty() && device->platform != list.front()->platform)) {
      return fail<cl_context>(errcode_ret, CL_INVALID_DEVICE);
    }
    if (std::find(list.begin(), list.end(), device) != list.end()) continue;
    list.push_back(device);
    ids.push_back(device->id);
  }
  auto* context = make_object<Context>(list.front());
  if (context == nullptr) return fail<cl_context>(errcode_ret, CL_OUT_OF_HOST_MEMORY);
  context->devices = list;
  context->properties = kept;
  for (Device* device : list) {
    if (device->parent != nullptr) add_reference(device);
  }
  msg::CreateContext m;
  m.devices = {ids.data(), ids.size()};
  m.properties = {nullptr, 0};
  m.result = context->id;
  shim::Reply reply = context->session->call(m);
  if (reply.status != CL_SUCCESS) {
    drop_reference(context);
    return fail<cl_context>(errcode_ret, reply.status);
  }
  if (errcode_ret != nullptr) *errcode_ret = CL_SUCCESS;
  return reinterpret_cast<cl_context>(context);
}

cl_context clCreateContextFromType(const cl_context_properties* properties, cl_device_type type,
                                   void(CL_CALLBACK* pfn_notify)(const char*, const void*, size_t, void*),
                                   void* user_data, cl_int* errcode_ret) {
  if (pfn_notify == nullptr && user_data != nullptr) return fail<cl_context>(errcode_ret, CL_INVALID_VALUE);
  std::vector<cl_context_properties> kept;
  Platform* platform = nullptr;
  if (cl_int bad = parse(properties, &kept, &platform); bad != CL_SUCCESS) return fail<cl_context>(errcode_ret, bad);
  if (platform == nullptr) platform = platform_or_first(nullptr);
  if (platform == nullptr) return fail<cl_context>(errcode_ret, CL_INVALID_PLATFORM);
  auto handle = reinterpret_cast<cl_platform_id>(platform);
  cl_uint count = 0;
  if (cl_int bad = hand::clGetDeviceIDs(handle, type, 0, nullptr, &count); bad != CL_SUCCESS) {
    return fail<cl_context>(errcode_ret, bad);
  }
  std::vector<cl_device_id> devices(count);
  hand::clGetDeviceIDs(handle, type, count, devices.data(), nullptr);
  return hand::clCreateContext(properties, count, devices.data(), pfn_notify, user_data, errcode_ret);
}

cl_int clRetainContext(cl_context context) { return retain<Context>(context, CL_INVALID_CONTEXT); }
cl_int clReleaseContext(cl_context context) { return release<Context>(context, CL_INVALID_CONTEXT); }

cl_int clGetContextInfo(cl_context context, cl_context_info param, size_t size, void* value, size_t* size_ret) {
  auto* object = as<Context>(context);
  if (object == nullptr) return CL_INVALID_CONTEXT;
  Answer answer{size, value, size_ret};
  switch (param) {
    case CL_CONTEXT_REFERENCE_COUNT:
      return answer.number(cl_uint{object->user_references.load()});
    case CL_CONTEXT_NUM_DEVICES:
      return answer.number(static_cast<cl_uint>(object->devices.size()));
    case CL_CONTEXT_DEVICES:
      return answer.list(object->devices);
    case CL_CONTEXT_PROPERTIES:
      return answer.list(object->properties);
    default:
      return CL_INVALID_VALUE;
  }
}

cl_int clSetContextDestructorCallback(cl_context context, void(CL_CALLBACK* pfn_notify)(cl_context, void*),
                                      void* user_data) {
  auto* object = as<Context>(context);
  if (object == nullptr) return CL_INVALID_CONTEXT;
  if (pfn_notify == nullptr) return CL_INVALID_VALUE;
  object->destructors.push_back({reinterpret_cast<void (*)(void*, void*)>(pfn_notify), user_data});
  return CL_SUCCESS;
}

}  // namespace hand
}  // namespace cenote::opencl
