// Buffer arguments that are NULL, by value and by pointer, before and after real ones, as programs leave unused ones.
#include "program.h"

int main(void) {
  open_device();
  cl_kernel kernel = build_kernel(
      "kernel void k(global const int* restrict a, global int* b, constant int* c, global int* out) {"
      " out[0] = (a == 0) * 100 + (b == 0) * 10 + (c == 0); }",
      "k");
  cl_int value = 5;
  cl_mem none = NULL, real = new_buffer(CL_MEM_COPY_HOST_PTR, 4, &value), out = new_buffer(0, 4, NULL);
  const size_t one = 1;
  CHECK(clSetKernelArg(kernel, 3, sizeof out, &out));
  for (unsigned round = 0; round < 16; ++round) {
    for (unsigned i = 0; i < 3; ++i) {
      const int null = !(round & 1u << i);
      const void* pointer = !null ? (const void*)&real : round & 8 ? NULL : (const void*)&none;
      CHECK(clSetKernelArg(kernel, i, sizeof(cl_mem), pointer));
    }
    CHECK(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &one, NULL, 0, NULL, NULL));
    CHECK(clEnqueueReadBuffer(queue, out, CL_TRUE, 0, 4, &value, 0, NULL, NULL));
    printf("%u: %03d\n", round, value);
  }
  return 0;
}
