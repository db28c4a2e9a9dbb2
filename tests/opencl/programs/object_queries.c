// Every question of the core about every kind of object: its status, the answer's size, and that what is unknown is
// refused.
#include "program.h"

typedef cl_int (*Query)(void*, cl_uint, size_t, void*, size_t*);

// What these say is stale at once: a driver, too, may hold a reference for a while.
static int counts_references(cl_uint param) {
  return param == CL_CONTEXT_REFERENCE_COUNT || param == CL_QUEUE_REFERENCE_COUNT || param == CL_MEM_REFERENCE_COUNT ||
         param == CL_PROGRAM_REFERENCE_COUNT || param == CL_KERNEL_REFERENCE_COUNT ||
         param == CL_SAMPLER_REFERENCE_COUNT || param == CL_EVENT_REFERENCE_COUNT;
}

// Asks everything from `first` to `last`, and something that nobody knows.
static void ask(const char* name, Query query, void* object, cl_uint first, cl_uint last) {
  static unsigned char value[65536], again[65536];
  for (cl_uint param = first; param <= last; ++param) {
    size_t size = 0;
    const cl_int status = query(object, param, 0, NULL, &size);
    printf("%s %x: %d, %zu bytes", name, param, status, status == CL_SUCCESS ? size : 0);
    if (status == CL_SUCCESS && size > 0 && size < sizeof value) {
      memset(value, 0x55, sizeof value);
      CHECK(query(object, param, size, value, NULL));
      CHECK(query(object, param, sizeof again, again, NULL));
      const int same = counts_references(param) || memcmp(value, again, size) == 0;
      printf(", short: %d, same: %d", query(object, param, size - 1, again, NULL), same && value[size] == 0x55);
      if (size == 4 && !counts_references(param)) printf(", %u", *(uint32_t*)value);
    }
    printf("\n");
  }
  printf("%s, something else: %d\n", name, query(object, 0xdead, sizeof value, value, NULL));
}

static cl_int build_info(void* of, cl_uint param, size_t size, void* value, size_t* size_ret) {
  return clGetProgramBuildInfo(of, device, param, size, value, size_ret);
}

static cl_int argument_info(void* of, cl_uint param, size_t size, void* value, size_t* size_ret) {
  return clGetKernelArgInfo(of, 0, param, size, value, size_ret);
}

int main(void) {
  open_device();
  cl_int status;
  cl_mem buffer = new_buffer(CL_MEM_READ_ONLY, 64, NULL);
  cl_program program = build("kernel void k(global const uint* a) { }", "-cl-kernel-arg-info");
  cl_kernel kernel = kernel_of(program, "k");
  cl_event user = user_event(), marker;
  cl_command_queue timed = new_queue(CL_QUEUE_PROFILING_ENABLE);
  CHECK(clEnqueueMarkerWithWaitList(timed, 0, NULL, &marker));
  CHECK(clFinish(timed));
  ask("context", (Query)clGetContextInfo, context, CL_CONTEXT_REFERENCE_COUNT, CL_CONTEXT_NUM_DEVICES);
  ask("queue", (Query)clGetCommandQueueInfo, queue, CL_QUEUE_CONTEXT, CL_QUEUE_PROPERTIES);
  ask("buffer", (Query)clGetMemObjectInfo, buffer, CL_MEM_TYPE, CL_MEM_PROPERTIES);
  ask("program", (Query)clGetProgramInfo, program, CL_PROGRAM_REFERENCE_COUNT, CL_PROGRAM_SOURCE);
  ask("program", (Query)clGetProgramInfo, program, CL_PROGRAM_NUM_KERNELS, CL_PROGRAM_KERNEL_NAMES);
  ask("build", build_info, program, CL_PROGRAM_BUILD_STATUS, CL_PROGRAM_BUILD_OPTIONS);
  ask("kernel", (Query)clGetKernelInfo, kernel, CL_KERNEL_FUNCTION_NAME, CL_KERNEL_PROGRAM);
  ask("argument", argument_info, kernel, CL_KERNEL_ARG_ADDRESS_QUALIFIER, CL_KERNEL_ARG_NAME);
  ask("user event", (Query)clGetEventInfo, user, CL_EVENT_COMMAND_QUEUE, CL_EVENT_CONTEXT);
  ask("marker", (Query)clGetEventInfo, marker, CL_EVENT_COMMAND_QUEUE, CL_EVENT_CONTEXT);
  ask("profile", (Query)clGetEventProfilingInfo, marker, CL_PROFILING_COMMAND_QUEUED, CL_PROFILING_COMMAND_END);
  cl_bool images = CL_FALSE;
  CHECK(clGetDeviceInfo(device, CL_DEVICE_IMAGE_SUPPORT, sizeof images, &images, NULL));
  if (!images) return 0;
  cl_sampler sampler = clCreateSampler(context, CL_FALSE, CL_ADDRESS_CLAMP, CL_FILTER_NEAREST, &status);
  CHECK(status);
  const cl_image_format format = {CL_RGBA, CL_UNORM_INT8};
  const cl_image_desc shape = {.image_type = CL_MEM_OBJECT_IMAGE2D, .image_width = 4, .image_height = 4};
  cl_mem image = clCreateImage(context, 0, &format, &shape, NULL, &status);
  CHECK(status);
  ask("sampler", (Query)clGetSamplerInfo, sampler, CL_SAMPLER_REFERENCE_COUNT, CL_SAMPLER_FILTER_MODE);
  ask("image", (Query)clGetImageInfo, image, CL_IMAGE_FORMAT, CL_IMAGE_NUM_SAMPLES);
  ask("image", (Query)clGetMemObjectInfo, image, CL_MEM_TYPE, CL_MEM_SIZE - 1);
  return 0;
}
