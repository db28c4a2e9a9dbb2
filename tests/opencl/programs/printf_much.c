// A megabyte of kernel output is all there, each line whole, whatever the order of the work-items.
#include "program.h"

int main(void) {
  open_device();
  cl_kernel kernel = build_kernel("kernel void say(int n) { printf(\"%d %d 0123456789abcdefghijklmnopqrstuvwxyz\\n\", n, (int)get_global_id(0)); }", "say");
  const size_t global = 64;
  for (int n = 0; n < 300; ++n) {
    CHECK(clSetKernelArg(kernel, 0, 4, &n));
    CHECK(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &global, &global, 0, NULL, NULL));
  }
  CHECK(clFinish(queue));
  return 0;
}
