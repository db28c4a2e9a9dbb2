// A great many short-lived objects of each kind, released in odd orders; counts and links between them stay right.
#include "program.h"

static cl_uint references(cl_mem memory) {
  cl_uint count;
  CHECK(clGetMemObjectInfo(memory, CL_MEM_REFERENCE_COUNT, sizeof count, &count, NULL));
  return count;
}

int main(void) {
  open_device();
  cl_program program = build("kernel void inc(global uint* a) { a[0]++; }", "");
  uint32_t value = 0;
  cl_mem target = new_buffer(CL_MEM_COPY_HOST_PTR, 4, &value);
  const size_t one = 1;
  for (int i = 0; i < 3000; ++i) {
    cl_kernel kernel = kernel_of(program, "inc");
    cl_event event;
    CHECK(clSetKernelArg(kernel, 0, sizeof target, &target));
    CHECK(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &one, NULL, 0, NULL, &event));
    CHECK(clReleaseKernel(kernel));
    CHECK(clReleaseEvent(event));
    cl_mem buffer = new_buffer(0, 64, NULL);
    CHECK(clEnqueueFillBuffer(queue, buffer, &i, 4, 0, 64, 0, NULL, NULL));
    CHECK(clReleaseMemObject(buffer));
  }
  CHECK(clEnqueueReadBuffer(queue, target, CL_TRUE, 0, 4, &value, 0, NULL, NULL));
  printf("launches: %u\n", value);
  enum { kMany = 20000 };
  cl_mem* many = malloc(kMany * sizeof *many);
  for (uint32_t i = 0; i < kMany; ++i) many[i] = new_buffer(CL_MEM_COPY_HOST_PTR, 4, &i);
  uint32_t wrong = 0;
  for (uint32_t i = 0; i < kMany; i += 97) {
    CHECK(clEnqueueReadBuffer(queue, many[i], CL_TRUE, 0, 4, &value, 0, NULL, NULL));
    wrong += value != i;
  }
  for (uint32_t i = 0; i < kMany; ++i) CHECK(clReleaseMemObject(many[(i * 7919) % kMany]));
  printf("buffers: %u wrong\n", wrong);
  cl_mem kept = new_buffer(0, 4096, NULL);
  cl_int status;
  const cl_buffer_region region = {0, 1024};
  cl_mem part = clCreateSubBuffer(kept, 0, CL_BUFFER_CREATE_TYPE_REGION, &region, &status), parent;
  CHECK(status);
  CHECK(clRetainMemObject(part));
  CHECK(clGetMemObjectInfo(part, CL_MEM_ASSOCIATED_MEMOBJECT, sizeof parent, &parent, NULL));
  size_t size;
  CHECK(clGetMemObjectInfo(parent, CL_MEM_SIZE, sizeof size, &size, NULL));
  printf("parent: same %d, %zu bytes; part: %u references\n", parent == kept, size, references(part));
  CHECK(clReleaseMemObject(kept));
  CHECK(clReleaseMemObject(part));
  printf("then %u\n", references(part));
  CHECK(clReleaseMemObject(part));
  cl_event event;
  cl_command_queue of_event;
  cl_context of_queue;
  CHECK(clEnqueueMarkerWithWaitList(queue, 0, NULL, &event));
  CHECK(clGetEventInfo(event, CL_EVENT_COMMAND_QUEUE, sizeof of_event, &of_event, NULL));
  CHECK(clGetCommandQueueInfo(queue, CL_QUEUE_CONTEXT, sizeof of_queue, &of_queue, NULL));
  printf("queue of event: %d, context of queue: %d\n", of_event == queue, of_queue == context);
  return 0;
}
