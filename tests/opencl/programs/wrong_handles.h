// Handles that name no object of their type.
#pragma once
#include "codes.h"

enum { kQueue, kContext, kDevice, kPlatform, kMem, kSampler, kProgram, kKernel, kEvent, kTypes };
enum { kNull, kUnmapped, kOwnMemory, kOtherType, kReleased, kWrongs };

typedef cl_command_queue of_kQueue;
typedef cl_context of_kContext;
typedef cl_device_id of_kDevice;
typedef cl_platform_id of_kPlatform;
typedef cl_mem of_kMem;
typedef cl_sampler of_kSampler;
typedef cl_program of_kProgram;
typedef cl_kernel of_kKernel;
typedef cl_event of_kEvent;

static cl_mem buffer;
static cl_program program;
static cl_kernel kernel;
static cl_event event;
static void* released[kTypes];

static const char* const wrongs[] = {" (NULL)", " (not mapped)", " (own memory)", " (of another type)", " (released)"};

static void* wrong_handle(int type, int which) {
  static char memory[1024];
  if (which == kUnmapped) return (void*)(uintptr_t)0x12345678;
  if (which == kOwnMemory) return memory;
  if (which == kOtherType) return type == kMem ? (void*)queue : (void*)buffer;
  return which == kReleased ? released[type] : NULL;
}

// The call, with `wrong` in place of a handle of this type, gives this code; the same with NULL or without it.
#define WRONG_BUT(first, type, code, call)             \
  for (int which = first; which < kWrongs; ++which) {  \
    const of_##type wrong = wrong_handle(type, which); \
    if (which == kReleased && wrong == NULL) continue; \
    gives((call), (code), #call, wrongs[which]);       \
  }
#define WRONG(type, code, call) WRONG_BUT(kNull, type, code, call)
#define WRONG_MAKES(type, code, call) WRONG(type, code, (status = 12345, (void)(call), status))
#define WRONG_IF_GIVEN(type, code, call) WRONG_BUT(kUnmapped, type, code, call)

// One object of each type, and one that release_objects() releases.
__attribute__((unused)) static void make_objects(void) {
  open_device();
  buffer = new_buffer(0, 64, NULL);
  program = build("kernel void k(global uint* a) { a[0] = 7; }", "");
  kernel = kernel_of(program, "k");
  CHECK(clSetKernelArg(kernel, 0, sizeof buffer, &buffer));
  event = user_event();
  released[kContext] = another_context();
  released[kQueue] = new_queue(0);
  released[kMem] = new_buffer(0, 64, NULL);
  if (has_images()) {
    released[kSampler] = clCreateSampler(context, CL_FALSE, CL_ADDRESS_NONE, CL_FILTER_NEAREST, &status);
  }
  released[kProgram] = build("kernel void k(void) {}", "");
  released[kKernel] = kernel_of(program, "k");
  released[kEvent] = user_event();
}

// What is made after this may take the place of what is released here.
__attribute__((unused)) static void release_objects(void) {
  CHECK(clReleaseContext(released[kContext]));
  CHECK(clReleaseCommandQueue(released[kQueue]));
  CHECK(clReleaseMemObject(released[kMem]));
  if (released[kSampler] != NULL) CHECK(clReleaseSampler(released[kSampler]));
  CHECK(clReleaseProgram(released[kProgram]));
  CHECK(clReleaseKernel(released[kKernel]));
  CHECK(clReleaseEvent(released[kEvent]));
}

// The device still does what it is told.
__attribute__((unused)) static int end_of_wrong_handles(void) {
  const size_t one = 1;
  cl_uint value = 0;
  CHECK(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &one, NULL, 0, NULL, NULL));
  CHECK(clEnqueueReadBuffer(queue, buffer, CL_TRUE, 0, 4, &value, 0, NULL, NULL));
  printf("a kernel after all this: %u\n", value);
  return end_of_codes();
}
