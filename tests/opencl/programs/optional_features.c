// What a device may lack: the functions for it succeed or give their own codes, as the device says of itself.
#include "program.h"

#define RESULT(able, call, lacking) ((call) == ((able) ? CL_SUCCESS : (lacking)))

static cl_ulong platform_says(cl_platform_info param) {
  cl_ulong value = 0;
  clGetPlatformInfo(platform, param, sizeof value, &value, NULL);
  return value;
}

static cl_uint device_says(cl_device_info param) {
  cl_uint value = 0;
  clGetDeviceInfo(device, param, sizeof value, &value, NULL);
  return value;
}

int main(void) {
  open_device();
  cl_ulong host, both;
  int timers = platform_says(CL_PLATFORM_HOST_TIMER_RESOLUTION) != 0;
  expect(RESULT(timers, clGetHostTimer(device, &host), CL_INVALID_OPERATION), "clGetHostTimer");
  expect(RESULT(timers, clGetDeviceAndHostTimer(device, &both, &host), CL_INVALID_OPERATION),
         "clGetDeviceAndHostTimer");

  int queues = device_says(CL_DEVICE_MAX_ON_DEVICE_QUEUES) != 0;
  cl_int none = queues ? CL_INVALID_COMMAND_QUEUE : CL_INVALID_OPERATION;
  expect(clSetDefaultDeviceCommandQueue(context, device, NULL) == none, "clSetDefaultDeviceCommandQueue");

  cl_kernel kernel = kernel_of(build("kernel void k(void) {}", "-cl-std=CL3.0"), "k");
  const size_t global[3] = {4, 4, 3}, local[3] = {2, 2, 2};
  int uneven = device_says(CL_DEVICE_NON_UNIFORM_WORK_GROUP_SUPPORT) != 0;
  expect(RESULT(uneven, clEnqueueNDRangeKernel(queue, kernel, 3, NULL, global, local, 0, NULL, NULL),
                CL_INVALID_WORK_GROUP_SIZE),
         "groups of unequal size");
  CHECK(clFinish(queue));
  return 0;
}
