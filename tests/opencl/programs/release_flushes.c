// The last release of a queue sends its commands; their events and buffers stay usable.
#include "program.h"

int main(void) {
  open_device();
  cl_kernel kernel = build_kernel("kernel void inc(global uint* a) { a[get_global_id(0)] += 5; }", "inc");
  uint32_t data[256] = {0};
  cl_mem buffer = new_buffer(CL_MEM_COPY_HOST_PTR, sizeof data, data);
  CHECK(clSetKernelArg(kernel, 0, sizeof buffer, &buffer));
  const size_t global = 256;
  cl_event event;
  cl_command_queue gone = new_queue(0);
  CHECK(clEnqueueNDRangeKernel(gone, kernel, 1, NULL, &global, NULL, 0, NULL, &event));
  CHECK(clReleaseKernel(kernel));
  CHECK(clReleaseCommandQueue(gone));
  CHECK(clWaitForEvents(1, &event));
  printf("event: %d\n", status_of(event));
  CHECK(clReleaseEvent(event));
  gone = new_queue(0);
  CHECK(clEnqueueReadBuffer(gone, buffer, CL_FALSE, 0, sizeof data, data, 0, NULL, &event));
  CHECK(clReleaseMemObject(buffer));
  CHECK(clReleaseCommandQueue(gone));
  CHECK(clWaitForEvents(1, &event));
  printf("read: %u %u\n", data[0], data[255]);
  return 0;
}
