// 50,000 launches without a flush or a wait: a full queue slows the program down, nothing else.
#include "program.h"

int main(void) {
  open_device();
  cl_kernel kernel = build_kernel("kernel void add(global uint* a, uint n) { a[0] = a[0] * 3 + n; }", "add");
  uint32_t value = 0, expected = 0;
  cl_mem buffer = new_buffer(CL_MEM_COPY_HOST_PTR, 4, &value);
  CHECK(clSetKernelArg(kernel, 0, sizeof buffer, &buffer));
  const size_t one = 1;
  for (uint32_t i = 0; i < 50000; ++i) {
    CHECK(clSetKernelArg(kernel, 1, 4, &i));
    CHECK(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &one, NULL, 0, NULL, NULL));
    expected = expected * 3 + i;
  }
  CHECK(clEnqueueReadBuffer(queue, buffer, CL_TRUE, 0, 4, &value, 0, NULL, NULL));
  expect(value == expected, "all ran, in order");
  return 0;
}
