// After clFlush the device works while the program computes: by the end of its own work nothing is left to wait for.
#include "program.h"

int main(void) {
  open_device();
  cl_kernel kernel = build_kernel("kernel void inc(global uint* a) { a[get_global_id(0)]++; }", "inc");
  uint32_t data[64] = {0};
  cl_mem buffer = new_buffer(CL_MEM_COPY_HOST_PTR, sizeof data, data);
  CHECK(clSetKernelArg(kernel, 0, sizeof buffer, &buffer));
  const size_t global = 64;
  CHECK(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &global, NULL, 0, NULL, NULL));
  CHECK(clFinish(queue));  // some drivers compile now
  cl_event last;
  for (int i = 0; i < 100; ++i) CHECK(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &global, NULL, 0, NULL, i < 99 ? NULL : &last));
  CHECK(clFlush(queue));
  usleep(1500000);
  expect(status_of(last) == CL_COMPLETE, "finished while we did something else");
  CHECK(clFinish(queue));
  CHECK(clEnqueueReadBuffer(queue, buffer, CL_TRUE, 0, sizeof data, data, 0, NULL, NULL));
  printf("%u\n", data[63]);
  return 0;
}
