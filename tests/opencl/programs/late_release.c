// Static destructors and exit handlers release and even use objects after main has returned.
#include "program.h"

static cl_mem buffer;
static cl_kernel kernel;

__attribute__((destructor)) static void last_of_all(void) {
  if (queue) clReleaseCommandQueue(queue);
  if (context) clReleaseContext(context);
}

static void at_exit(void) {
  uint32_t value = 0;
  CHECK(clEnqueueReadBuffer(queue, buffer, CL_TRUE, 0, 4, &value, 0, NULL, NULL));
  printf("read at exit: %u\n", value);
  CHECK(clReleaseMemObject(buffer));
  CHECK(clReleaseKernel(kernel));
}

int main(void) {
  atexit(at_exit);
  open_device();
  uint32_t value = 41;
  kernel = build_kernel("kernel void inc(global uint* a) { a[0]++; }", "inc");
  buffer = new_buffer(CL_MEM_COPY_HOST_PTR, 4, &value);
  const size_t one = 1;
  CHECK(clSetKernelArg(kernel, 0, sizeof buffer, &buffer));
  CHECK(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &one, NULL, 0, NULL, NULL));
  return 7;
}
