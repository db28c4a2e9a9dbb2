// Polling an event's status without a flush: the query itself must send what is needed for the event to finish.
#include "program.h"

int main(void) {
  open_device();
  cl_kernel kernel = build_kernel("kernel void inc(global uint* a) { a[get_global_id(0)]++; }", "inc");
  uint32_t data[256] = {0};
  cl_mem buffer = new_buffer(CL_MEM_COPY_HOST_PTR, sizeof data, data);
  CHECK(clSetKernelArg(kernel, 0, sizeof buffer, &buffer));
  const size_t global = 256;
  for (int round = 0; round < 200; ++round) {
    cl_event event;
    CHECK(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &global, NULL, 0, NULL, &event));
    cl_int status, before = CL_QUEUED;
    do {
      CHECK(clGetEventInfo(event, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof status, &status, NULL));
      if (status > before) printf("status went back from %d to %d\n", before, status);
      before = status;
    } while (status > CL_COMPLETE);
    CHECK(clReleaseEvent(event));
  }
  CHECK(clEnqueueReadBuffer(queue, buffer, CL_TRUE, 0, sizeof data, data, 0, NULL, NULL));
  printf("%u … %u\n", data[0], data[255]);
  return 0;
}
