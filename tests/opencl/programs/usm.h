// The functions of cl_intel_unified_shared_memory, found by name; a driver without them ends the program politely.
#pragma once
#include "program.h"

#define USM_FUNCTIONS(X)                                                                                          \
  X(void*, clHostMemAllocINTEL, (cl_context, const cl_bitfield*, size_t, cl_uint, cl_int*))                       \
  X(void*, clDeviceMemAllocINTEL, (cl_context, cl_device_id, const cl_bitfield*, size_t, cl_uint, cl_int*))       \
  X(void*, clSharedMemAllocINTEL, (cl_context, cl_device_id, const cl_bitfield*, size_t, cl_uint, cl_int*))       \
  X(cl_int, clMemFreeINTEL, (cl_context, void*))                                                                  \
  X(cl_int, clMemBlockingFreeINTEL, (cl_context, void*))                                                          \
  X(cl_int, clGetMemAllocInfoINTEL, (cl_context, const void*, cl_uint, size_t, void*, size_t*))                   \
  X(cl_int, clSetKernelArgMemPointerINTEL, (cl_kernel, cl_uint, const void*))                                     \
  X(cl_int, clEnqueueMemsetINTEL, (cl_command_queue, void*, cl_int, size_t, cl_uint, const cl_event*, cl_event*)) \
  X(cl_int, clEnqueueMemFillINTEL,                                                                                \
    (cl_command_queue, void*, const void*, size_t, size_t, cl_uint, const cl_event*, cl_event*))                  \
  X(cl_int, clEnqueueMemcpyINTEL,                                                                                 \
    (cl_command_queue, cl_bool, void*, const void*, size_t, cl_uint, const cl_event*, cl_event*))                 \
  X(cl_int, clEnqueueMigrateMemINTEL,                                                                             \
    (cl_command_queue, const void*, size_t, cl_mem_migration_flags, cl_uint, const cl_event*, cl_event*))         \
  X(cl_int, clEnqueueMemAdviseINTEL,                                                                              \
    (cl_command_queue, const void*, size_t, cl_uint, cl_uint, const cl_event*, cl_event*))

#define USM_POINTER(result, name, parameters) static result(*usm_##name) parameters;
USM_FUNCTIONS(USM_POINTER)

__attribute__((unused)) static int find_usm(void) {
  open_device();
  static char extensions[65536];
  CHECK(clGetDeviceInfo(device, CL_DEVICE_EXTENSIONS, sizeof extensions, extensions, NULL));
  if (!strstr(extensions, "cl_intel_unified_shared_memory")) return 0;
#define USM_FIND(result, name, parameters)                                                      \
  usm_##name = (result(*) parameters)clGetExtensionFunctionAddressForPlatform(platform, #name); \
  if (!usm_##name) printf("%s is not there\n", #name);
  USM_FUNCTIONS(USM_FIND)
  return 1;
}

__attribute__((unused)) static void open_usm(void) {
  if (find_usm()) return;
  printf("no unified shared memory\n");
  exit(0);
}
