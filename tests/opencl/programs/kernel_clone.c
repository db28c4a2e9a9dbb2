// A cloned kernel takes the arguments along and then goes its own way; one kernel may be enqueued with changing arguments.
#include "program.h"

int main(void) {
  open_device();
  cl_kernel kernel = build_kernel("kernel void add(global uint* a, uint n, local uint* s) { s[0] = n; a[0] = a[0] * 10 + s[0]; }", "add");
  uint32_t value = 0, n = 1;
  cl_mem buffer = new_buffer(CL_MEM_COPY_HOST_PTR, 4, &value);
  const size_t one = 1;
  CHECK(clSetKernelArg(kernel, 0, sizeof buffer, &buffer));
  CHECK(clSetKernelArg(kernel, 1, 4, &n));
  CHECK(clSetKernelArg(kernel, 2, 4, NULL));
  cl_int status;
  cl_kernel clone = clCloneKernel(kernel, &status);
  CHECK(status);
  n = 2;
  CHECK(clSetKernelArg(kernel, 1, 4, &n));
  CHECK(clEnqueueNDRangeKernel(queue, clone, 1, NULL, &one, NULL, 0, NULL, NULL));
  CHECK(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &one, NULL, 0, NULL, NULL));
  n = 3;
  CHECK(clSetKernelArg(clone, 1, 4, &n));
  CHECK(clReleaseKernel(kernel));
  CHECK(clEnqueueNDRangeKernel(queue, clone, 1, NULL, &one, NULL, 0, NULL, NULL));
  CHECK(clEnqueueReadBuffer(queue, buffer, CL_TRUE, 0, 4, &value, 0, NULL, NULL));
  printf("%u\n", value);
  char name[20];
  CHECK(clGetKernelInfo(clone, CL_KERNEL_FUNCTION_NAME, sizeof name, name, NULL));
  printf("%s\n", name);
  return 0;
}
