// Markers and barriers with and without lists, across queues, and the calls of OpenCL 1.1.
#include "program.h"

int main(void) {
  open_device();
  cl_command_queue other = new_queue(CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE);
  cl_kernel kernel = build_kernel("kernel void k(global uint* a, uint n) { a[0] = a[0] * 10 + n; }", "k");
  uint32_t value = 0;
  cl_mem buffer = new_buffer(CL_MEM_COPY_HOST_PTR, 4, &value);
  const size_t one = 1;
  CHECK(clSetKernelArg(kernel, 0, sizeof buffer, &buffer));
  cl_event events[8], after;
  for (uint32_t i = 1; i <= 8; ++i) {
    cl_command_queue to = i % 2 ? queue : other;
    CHECK(clSetKernelArg(kernel, 1, 4, &i));
    if (i > 1 && i % 3 == 0) CHECK(clEnqueueBarrierWithWaitList(to, 1, &events[i - 2], NULL));
    if (i > 1 && i % 3 == 1) CHECK(clEnqueueMarkerWithWaitList(to, 1, &events[i - 2], &after)), CHECK(clEnqueueBarrierWithWaitList(to, 1, &after, NULL));
    const int direct = i > 1 && i % 3 == 2;
    CHECK(clEnqueueNDRangeKernel(to, kernel, 1, NULL, &one, NULL, direct ? 1 : 0, direct ? &events[i - 2] : NULL, &events[i - 1]));
    CHECK(clFlush(to));
  }
  CHECK(clWaitForEvents(8, events));
  cl_event marker;
  CHECK(clEnqueueMarker(other, &marker));
  CHECK(clWaitForEvents(1, &marker));
  CHECK(clEnqueueBarrier(other));
  CHECK(clEnqueueReadBuffer(other, buffer, CL_TRUE, 0, 4, &value, 0, NULL, NULL));
  printf("%u\n", value);
  cl_command_type type;
  CHECK(clGetEventInfo(marker, CL_EVENT_COMMAND_TYPE, sizeof type, &type, NULL));
  printf("marker: %x\n", type);
  cl_context second;
  cl_int status;
  second = clCreateContext(NULL, 1, &device, NULL, NULL, &status);
  CHECK(status);
  cl_event foreign = clCreateUserEvent(second, &status);
  CHECK(status);
  printf("event of another context: %d\n", clEnqueueMarkerWithWaitList(queue, 1, &foreign, NULL));
  cl_event mixed[2] = {marker, foreign};
  printf("wait for two contexts: %d\n", clWaitForEvents(2, mixed));
  return 0;
}
