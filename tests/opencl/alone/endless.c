// Computes without end: says “began” once something has come of it, and “stopped” when nothing does any more.
#include <time.h>

#include "../programs/program.h"

int main(void) {
  open_device();
  cl_kernel add = build_kernel("kernel void add(global uint* sum) { ++*sum; }", "add");
  cl_uint sum = 0;
  cl_mem buffer = new_buffer(CL_MEM_COPY_HOST_PTR, sizeof sum, &sum);
  CHECK(clSetKernelArg(add, 0, sizeof buffer, &buffer));
  const size_t one = 1;
  const struct timespec pause = {0, 10 * 1000 * 1000};
  cl_int status = CL_SUCCESS;
  while (status == CL_SUCCESS) {
    status = clEnqueueNDRangeKernel(queue, add, 1, NULL, &one, NULL, 0, NULL, NULL);
    if (status == CL_SUCCESS) status = clEnqueueReadBuffer(queue, buffer, CL_TRUE, 0, sizeof sum, &sum, 0, NULL, NULL);
    if (status == CL_SUCCESS && sum == 1) puts("began");
    nanosleep(&pause, NULL);
  }
  puts("stopped");
}
