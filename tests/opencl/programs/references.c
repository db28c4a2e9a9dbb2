// References of every kind of object: what is retained lives on, and what is made from an object keeps it alive.
#include "program.h"

#define COUNT(query, object, param)                          \
  ({                                                         \
    cl_uint count = 0;                                       \
    CHECK(query(object, param, sizeof count, &count, NULL)); \
    count;                                                   \
  })
// Retained twice and released once: the count, and that the object can still be asked.
#define TWICE(name, retain, release, query, object, param)                                                   \
  {                                                                                                          \
    const cl_uint before = COUNT(query, object, param);                                                      \
    CHECK(retain(object));                                                                                   \
    CHECK(retain(object));                                                                                   \
    const cl_uint more = COUNT(query, object, param);                                                        \
    CHECK(release(object));                                                                                  \
    printf("%s: %u, %u more, %u more\n", name, before, more - before, COUNT(query, object, param) - before); \
    CHECK(release(object));                                                                                  \
  }

int main(void) {
  open_device();
  cl_int status;
  cl_program program = build("kernel void k(global uint* a) { a[0] = 5; }", "");
  cl_kernel kernel = kernel_of(program, "k");
  cl_mem buffer = new_buffer(0, 4096, NULL);
  cl_event event = user_event();
  TWICE("buffer", clRetainMemObject, clReleaseMemObject, clGetMemObjectInfo, buffer, CL_MEM_REFERENCE_COUNT);
  TWICE("kernel", clRetainKernel, clReleaseKernel, clGetKernelInfo, kernel, CL_KERNEL_REFERENCE_COUNT);
  TWICE("event", clRetainEvent, clReleaseEvent, clGetEventInfo, event, CL_EVENT_REFERENCE_COUNT);
  TWICE("device", clRetainDevice, clReleaseDevice, clGetDeviceInfo, device, CL_DEVICE_REFERENCE_COUNT);
  cl_bool images = CL_FALSE;
  CHECK(clGetDeviceInfo(device, CL_DEVICE_IMAGE_SUPPORT, sizeof images, &images, NULL));
  if (images) {
    cl_sampler sampler = clCreateSampler(context, CL_FALSE, CL_ADDRESS_NONE, CL_FILTER_NEAREST, &status);
    CHECK(status);
    TWICE("sampler", clRetainSampler, clReleaseSampler, clGetSamplerInfo, sampler, CL_SAMPLER_REFERENCE_COUNT);
    CHECK(clReleaseSampler(sampler));
  }
  cl_command_queue other = new_queue(0);
  TWICE("queue", clRetainCommandQueue, clReleaseCommandQueue, clGetCommandQueueInfo, other, CL_QUEUE_REFERENCE_COUNT);

  // What the program lets go of goes on living in what uses it.
  CHECK(clRetainContext(context));
  CHECK(clReleaseContext(context));
  CHECK(clRetainProgram(program));
  CHECK(clReleaseProgram(program));
  CHECK(clReleaseProgram(program));
  cl_mem part = clCreateSubBuffer(buffer, 0, CL_BUFFER_CREATE_TYPE_REGION, &(cl_buffer_region){0, 64}, &status);
  CHECK(status);
  CHECK(clSetKernelArg(kernel, 0, sizeof part, &part));
  CHECK(clReleaseMemObject(buffer));
  const size_t one = 1;
  cl_uint value = 0;
  CHECK(clEnqueueNDRangeKernel(other, kernel, 1, NULL, &one, NULL, 0, NULL, NULL));
  CHECK(clEnqueueReadBuffer(other, part, CL_TRUE, 0, 4, &value, 0, NULL, NULL));
  printf("value: %u\n", value);
  cl_mem whole = NULL;
  CHECK(clGetMemObjectInfo(part, CL_MEM_ASSOCIATED_MEMOBJECT, sizeof whole, &whole, NULL));
  expect(whole == buffer, "the part still knows the whole");
  return 0;
}
