#include "worker/opencl/overhead.hpp"

#include <algorithm>

namespace cenote::opencl {

namespace {

constexpr size_t kAssumed = size_t{512} << 20;  // what contexts of large GPUs take
constexpr size_t kMostOfDevice = 8;             // never assumed or believed to be more than such a part of it

/// Bytes that nobody uses; false where the driver does not tell.
bool free_memory(const Driver& driver, cl_device_id device, size_t* bytes) {
  size_t kib[2] = {0, 0};  // in all, and in one piece
  if (driver.clGetDeviceInfo(device, CL_DEVICE_GLOBAL_FREE_MEMORY_AMD, sizeof kib, kib, nullptr) != CL_SUCCESS) {
    return false;
  }
  *bytes = kib[0] << 10;
  return true;
}

/// Makes a context and lets a queue of it write a buffer, since drivers put things off until then.
bool with_context(const Driver& driver, cl_platform_id platform, cl_device_id device, size_t* free) {
  const cl_context_properties properties[] = {CL_CONTEXT_PLATFORM, reinterpret_cast<cl_context_properties>(platform),
                                              0};
  cl_context context = driver.clCreateContext(properties, 1, &device, nullptr, nullptr, nullptr);
  if (context == nullptr) return false;
  cl_command_queue queue = driver.clCreateCommandQueue(context, device, 0, nullptr);
  cl_mem buffer = driver.clCreateBuffer(context, CL_MEM_READ_WRITE, sizeof(cl_int), nullptr, nullptr);
  cl_int zero = 0;
  bool told =
      queue != nullptr && buffer != nullptr &&
      driver.clEnqueueWriteBuffer(queue, buffer, CL_TRUE, 0, sizeof zero, &zero, 0, nullptr, nullptr) == CL_SUCCESS;
  if (buffer != nullptr) driver.clReleaseMemObject(buffer);
  told = told && free_memory(driver, device, free);
  if (queue != nullptr) driver.clReleaseCommandQueue(queue);
  driver.clReleaseContext(context);
  return told;
}

}  // namespace

size_t context_memory(const Driver& driver, cl_platform_id platform, cl_device_id device) {
  cl_device_type type = 0;
  cl_ulong memory = 0;
  driver.clGetDeviceInfo(device, CL_DEVICE_TYPE, sizeof type, &type, nullptr);
  driver.clGetDeviceInfo(device, CL_DEVICE_GLOBAL_MEM_SIZE, sizeof memory, &memory, nullptr);
  if ((type & CL_DEVICE_TYPE_CPU) != 0) return 0;  // there it is memory of a process like any other
  size_t most = memory / kMostOfDevice;
  size_t before = 0;
  size_t after = 0;
  if (!free_memory(driver, device, &before) || !with_context(driver, platform, device, &after)) {
    return std::min(kAssumed, most);
  }
  return std::min(before > after ? before - after : 0, most);
}

}  // namespace cenote::opencl
