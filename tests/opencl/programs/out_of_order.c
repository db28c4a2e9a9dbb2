// An out-of-order queue: only events order its commands, and a set of independent ones runs while others wait for the program.
#include "program.h"

static const char* source =
    "kernel void next(global uint* a, uint from, uint to, uint k) { a[to] = a[from] * 3 + k; }"
    "kernel void unite(global uint* a, uint x, uint y, uint to) { a[to] = a[x] * 1000 + a[y]; }";

static cl_kernel step, join_kernel;
static cl_mem cells;

static cl_event run(cl_kernel kernel, uint32_t a, uint32_t b, uint32_t c, cl_uint count, const cl_event* wait) {
  const size_t one = 1;
  cl_event event;
  CHECK(clSetKernelArg(kernel, 0, sizeof cells, &cells));
  CHECK(clSetKernelArg(kernel, 1, 4, &a));
  CHECK(clSetKernelArg(kernel, 2, 4, &b));
  CHECK(clSetKernelArg(kernel, 3, 4, &c));
  CHECK(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &one, NULL, count, wait, &event));
  return event;
}

int main(void) {
  open_device();
  queue = new_queue(CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE);
  cl_program program = build(source, "");
  step = kernel_of(program, "next");
  join_kernel = kernel_of(program, "unite");
  uint32_t values[8] = {1};
  cells = new_buffer(CL_MEM_COPY_HOST_PTR, sizeof values, values);
  cl_event gate = user_event();
  cl_event first = run(step, 0, 1, 5, 1, &gate);      // 1 → 8
  cl_event left = run(step, 1, 2, 1, 1, &first);      // 8 → 25
  cl_event right = run(step, 1, 3, 2, 1, &first);     // 8 → 26
  cl_event both[] = {left, right};
  cl_event last = run(join_kernel, 2, 3, 4, 2, both);  // 25026
  cl_event free_one = run(step, 0, 6, 9, 0, NULL);     // 12, needs nobody
  CHECK(clFlush(queue));
  CHECK(clWaitForEvents(1, &free_one));
  CHECK(clEnqueueReadBuffer(queue, cells, CL_TRUE, 0, sizeof values, values, 1, &free_one, NULL));
  printf("before: %u %u %u, waiting: %s\n", values[1], values[4], values[6], status_of(last) > 0 ? "yes" : "no");
  cl_event read, barrier;
  CHECK(clEnqueueReadBuffer(queue, cells, CL_FALSE, 0, sizeof values, values, 1, &last, &read));
  CHECK(clEnqueueBarrierWithWaitList(queue, 0, NULL, &barrier));
  cl_event after = run(step, 4, 7, 0, 0, NULL);  // after the barrier: 75078
  CHECK(clSetUserEventStatus(gate, CL_COMPLETE));
  CHECK(clWaitForEvents(1, &read));
  printf("after: %u %u %u %u\n", values[1], values[2], values[3], values[4]);
  CHECK(clEnqueueReadBuffer(queue, cells, CL_TRUE, 0, sizeof values, values, 1, &after, NULL));
  printf("behind the barrier: %u\n", values[7]);
  printf("statuses: %d %d %d %d\n", status_of(first), status_of(barrier), status_of(after), status_of(gate));
  return 0;
}
