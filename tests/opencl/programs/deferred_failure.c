// A launch that only the device can refuse: the code comes from this or a later call, and later commands still run.
#include "program.h"

int main(void) {
  open_device();
  cl_ulong local;
  CHECK(clGetDeviceInfo(device, CL_DEVICE_LOCAL_MEM_SIZE, sizeof local, &local, NULL));
  cl_program program = build("kernel void greedy(global uint* a, local uint* s) { s[get_local_id(0)] = 1; a[0] = s[0]; } kernel void modest(global uint* a) { a[0] = 7; }", "");
  cl_kernel greedy = kernel_of(program, "greedy"), modest = kernel_of(program, "modest");
  cl_mem buffer = new_buffer(0, 4, NULL);
  const size_t one = 1;
  uint32_t value = 0;
  CHECK(clSetKernelArg(modest, 0, sizeof buffer, &buffer));
  CHECK(clSetKernelArg(greedy, 0, sizeof buffer, &buffer));
  cl_int status = clSetKernelArg(greedy, 1, local * 4, NULL);
  if (status == CL_SUCCESS) status = clEnqueueNDRangeKernel(queue, greedy, 1, NULL, &one, NULL, 0, NULL, NULL);
  if (status == CL_SUCCESS) status = clFinish(queue);
  expect(status != CL_SUCCESS, "too much local memory is refused");
  CHECK(clEnqueueNDRangeKernel(queue, modest, 1, NULL, &one, NULL, 0, NULL, NULL));
  CHECK(clEnqueueReadBuffer(queue, buffer, CL_TRUE, 0, 4, &value, 0, NULL, NULL));
  printf("%u\n", value);
  return 0;
}
