// What an extension's functions do is what the core's do, under names that the program asks for.
#include "program.h"

static void* find(const char* name, const char* extension) {
  static char all[65536];
  CHECK(clGetDeviceInfo(device, CL_DEVICE_EXTENSIONS, sizeof all, all, NULL));
  if (strstr(all, extension) == NULL) return NULL;
  void* at = clGetExtensionFunctionAddress(name);
  expect(at == clGetExtensionFunctionAddressForPlatform(platform, name) || at == NULL, name);
  return clGetExtensionFunctionAddressForPlatform(platform, name);
}

int main(void) {
  open_device();
  cl_int status = 0;
  expect(clGetExtensionFunctionAddress("clNoSuchFunction") == NULL, "what is not there is not found");
  expect(clGetExtensionFunctionAddressForPlatform(platform, "clNoSuchFunction") == NULL, "nor by platform");

  typedef cl_command_queue (*MakeQueue)(cl_context, cl_device_id, const cl_bitfield*, cl_int*);
  MakeQueue make_queue = (MakeQueue)find("clCreateCommandQueueWithPropertiesKHR", "cl_khr_create_command_queue");
  if (make_queue != NULL) {
    cl_command_queue made = make_queue(context, device, NULL, &status);
    CHECK(status);
    CHECK(clFinish(made));
    CHECK(clReleaseCommandQueue(made));
    make_queue(context, NULL, NULL, &status);
    printf("no device: %d\n", status);
  }

  typedef cl_mem (*MakeBuffer)(cl_context, const cl_bitfield*, cl_mem_flags, size_t, void*, cl_int*);
  MakeBuffer make_buffer =
      (MakeBuffer)find("clCreateBufferWithPropertiesINTEL", "cl_intel_create_buffer_with_properties");
  if (make_buffer != NULL) {
    cl_uint value = 7, back = 0;
    cl_mem made = make_buffer(context, NULL, CL_MEM_COPY_HOST_PTR, 4, &value, &status);
    CHECK(status);
    CHECK(clEnqueueReadBuffer(queue, made, CL_TRUE, 0, 4, &back, 0, NULL, NULL));
    printf("a buffer with %u\n", back);
  }

  typedef cl_int (*Divide)(cl_device_id, const cl_ulong*, cl_uint, cl_device_id*, cl_uint*);
  typedef cl_int (*Keep)(cl_device_id);
  Divide divide = (Divide)find("clCreateSubDevicesEXT", "cl_ext_device_fission");
  if (divide != NULL) {
    Keep retain = (Keep)find("clRetainDeviceEXT", "cl_ext_device_fission");
    Keep release = (Keep)find("clReleaseDeviceEXT", "cl_ext_device_fission");
    cl_device_id parts[64];
    cl_uint count = 0, units = 0;
    CHECK(divide(device, (const cl_ulong[]){0x4050, 1, 0}, 64, parts, &count));  // equally, one unit each
    CHECK(clGetDeviceInfo(parts[0], CL_DEVICE_MAX_COMPUTE_UNITS, sizeof units, &units, NULL));
    printf("parts of %u unit\n", units);
    CHECK(retain(parts[0]));
    CHECK(release(parts[0]));
    for (cl_uint i = 0; i < count; ++i) CHECK(release(parts[i]));
    printf("another way: %d\n", divide(device, (const cl_ulong[]){0xdead, 1, 0}, 64, parts, &count));
  }
  return 0;
}
