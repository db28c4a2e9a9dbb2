// What the OpenCL programs here share: the first device, a small kernel, and an end with one sentence when a call
// fails.
#pragma once

#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace bench {

inline void check(cl_int status, const char* what) {
  if (status == CL_SUCCESS) return;
  std::fprintf(stderr, "%s: OpenCL error %d\n", what, status);
  std::exit(1);
}

/// The devices of every platform, in the loader's order.
inline std::vector<cl_device_id> list_devices() {
  cl_uint count = 0;
  check(clGetPlatformIDs(0, nullptr, &count), "clGetPlatformIDs");
  std::vector<cl_platform_id> platforms(count);
  check(clGetPlatformIDs(count, platforms.data(), nullptr), "clGetPlatformIDs");
  std::vector<cl_device_id> devices;
  for (cl_platform_id platform : platforms) {
    cl_uint here = 0;
    if (clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 0, nullptr, &here) != CL_SUCCESS) continue;
    devices.resize(devices.size() + here);
    check(clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, here, devices.data() + devices.size() - here, nullptr),
          "clGetDeviceIDs");
  }
  return devices;
}

/// A context and an in-order queue on the first device, and kernels from `source`. The process's end releases them.
struct Device {
  cl_device_id id = nullptr;
  cl_context context = nullptr;
  cl_command_queue queue = nullptr;
  cl_program program = nullptr;

  explicit Device(const char* source) {
    std::vector<cl_device_id> devices = list_devices();
    if (devices.empty()) check(CL_DEVICE_NOT_FOUND, "clGetDeviceIDs");
    id = devices[0];
    cl_int status = CL_SUCCESS;
    context = clCreateContext(nullptr, 1, &id, nullptr, nullptr, &status);
    check(status, "clCreateContext");
    queue = clCreateCommandQueue(context, id, 0, &status);
    check(status, "clCreateCommandQueue");
    program = clCreateProgramWithSource(context, 1, &source, nullptr, &status);
    check(status, "clCreateProgramWithSource");
    check(clBuildProgram(program, 1, &id, "", nullptr, nullptr), "clBuildProgram");
  }

  [[nodiscard]] std::string name() const {
    char text[256] = "";
    check(clGetDeviceInfo(id, CL_DEVICE_NAME, sizeof text, text, nullptr), "clGetDeviceInfo");
    return text;
  }
  [[nodiscard]] cl_kernel kernel(const char* name) const {
    cl_int status = CL_SUCCESS;
    cl_kernel made = clCreateKernel(program, name, &status);
    check(status, "clCreateKernel");
    return made;
  }
  [[nodiscard]] cl_mem buffer(size_t bytes) const {
    cl_int status = CL_SUCCESS;
    cl_mem made = clCreateBuffer(context, CL_MEM_READ_WRITE, bytes, nullptr, &status);
    check(status, "clCreateBuffer");
    return made;
  }
};

}  // namespace bench
