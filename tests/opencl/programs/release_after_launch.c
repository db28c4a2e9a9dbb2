// Buffers and kernels are released right after a launch that cannot run yet: it keeps what it needs.
#include "program.h"

int main(void) {
  open_device();
  enum { kBytes = 4 << 20, kRounds = 40 };
  char* data = calloc(1, kBytes);
  cl_mem large = new_buffer(0, kBytes, NULL);
  uint32_t sum = 0;
  cl_mem total = new_buffer(CL_MEM_COPY_HOST_PTR, sizeof sum, &sum);
  cl_program program = build("kernel void add(global uint* sum, global const uint* a) { sum[0] += a[0]; }", "");
  cl_kernel kernel = kernel_of(program, "add");
  CHECK(clSetKernelArg(kernel, 0, sizeof total, &total));
  const size_t one = 1;
  for (uint32_t i = 1; i <= kRounds; ++i) {
    cl_mem small = new_buffer(CL_MEM_COPY_HOST_PTR, sizeof i, &i);
    CHECK(clEnqueueWriteBuffer(queue, large, CL_FALSE, 0, kBytes, data, 0, NULL, NULL));
    CHECK(clSetKernelArg(kernel, 1, sizeof small, &small));
    CHECK(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &one, NULL, 0, NULL, NULL));
    CHECK(clReleaseMemObject(small));
    CHECK(clFlush(queue));
  }
  CHECK(clReleaseKernel(kernel));
  CHECK(clEnqueueReadBuffer(queue, total, CL_TRUE, 0, sizeof sum, &sum, 0, NULL, NULL));
  printf("%u\n", sum);
  return 0;
}
