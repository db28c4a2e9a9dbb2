// cl_khr_create_command_queue, and the hints about priority and throttling: offered or not, the same on both sides.
#include "program.h"

typedef cl_command_queue (*Create)(cl_context, cl_device_id, const cl_bitfield*, cl_int*);

static void try(Create create, const char* name, const cl_bitfield* properties) {
  cl_int status;
  cl_command_queue made = create(context, device, properties, &status);
  printf("%s: %d", name, status);
  if (made) {
    cl_command_queue_properties flags = 0;
    CHECK(clGetCommandQueueInfo(made, CL_QUEUE_PROPERTIES, sizeof flags, &flags, NULL));
    cl_event event;
    cl_ulong began = 0;
    CHECK(clEnqueueMarkerWithWaitList(made, 0, NULL, &event));
    CHECK(clWaitForEvents(1, &event));
    cl_int profiled = clGetEventProfilingInfo(event, CL_PROFILING_COMMAND_START, sizeof began, &began, NULL);
    printf(", flags %llu, profiling %d", (unsigned long long)flags, profiled);
    CHECK(clReleaseCommandQueue(made));
  }
  printf("\n");
}

int main(void) {
  open_device();
  static char extensions[65536];
  CHECK(clGetDeviceInfo(device, CL_DEVICE_EXTENSIONS, sizeof extensions, extensions, NULL));
  const cl_bitfield none[] = {0}, both[] = {CL_QUEUE_PROPERTIES, 3, 0}, unknown[] = {0x9999, 1, 0};
  const cl_bitfield priority[] = {0x1096, 2, 0}, throttle[] = {0x1097, 2, CL_QUEUE_PROPERTIES, 2, 0};
  Create create = (Create)clGetExtensionFunctionAddressForPlatform(platform, "clCreateCommandQueueWithPropertiesKHR");
  if (strstr(extensions, "cl_khr_create_command_queue") && create) {
    try(create, "no list", NULL);
    try(create, "an empty list", none);
    try(create, "out of order, profiling", both);
    try(create, "unknown", unknown);
  } else {
    printf("cl_khr_create_command_queue is not offered\n");
  }
  if (strstr(extensions, "cl_khr_priority_hints")) {
    try((Create)clCreateCommandQueueWithProperties, "low priority", priority);
  } else {
    printf("cl_khr_priority_hints is not offered\n");
  }
  if (strstr(extensions, "cl_khr_throttle_hints")) {
    try((Create)clCreateCommandQueueWithProperties, "throttled", throttle);
  } else {
    printf("cl_khr_throttle_hints is not offered\n");
  }
  return 0;
}
