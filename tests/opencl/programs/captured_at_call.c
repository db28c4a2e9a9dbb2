// What the API takes at the call may be overwritten or freed right after it: host pointers, arguments, patterns, sources, sizes.
#include "program.h"

int main(void) {
  open_device();
  char source[] = "kernel void add(global uint* a, uint4 v, uint n) { a[get_global_id(0)] += v.x + v.w + n; }";
  const char* line = source;
  cl_int status;
  cl_program program = clCreateProgramWithSource(context, 1, &line, NULL, &status);
  CHECK(status);
  memset(source, '?', sizeof source - 1);
  char options[] = "-DUNUSED=1";
  CHECK(clBuildProgram(program, 0, NULL, options, NULL, NULL));
  memset(options, '?', sizeof options - 1);
  char name[] = "add";
  cl_kernel kernel = kernel_of(program, name);
  memset(name, '?', 3);

  uint32_t data[1024];
  for (uint32_t i = 0; i < 1024; ++i) data[i] = i;
  cl_mem buffer = new_buffer(CL_MEM_COPY_HOST_PTR, sizeof data, data);
  memset(data, 0xff, sizeof data);
  cl_mem argument = buffer;
  uint32_t vector[4] = {1, 2, 3, 4}, number = 10;
  CHECK(clSetKernelArg(kernel, 0, sizeof argument, &argument));
  CHECK(clSetKernelArg(kernel, 1, sizeof vector, vector));
  CHECK(clSetKernelArg(kernel, 2, sizeof number, &number));
  argument = NULL;
  memset(vector, 0xff, sizeof vector);
  number = 0xffff;
  size_t global = 1024, local = 64;
  cl_event gate = user_event();
  cl_event list[1] = {gate};
  CHECK(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &global, &local, 1, list, NULL));
  global = local = 0;
  list[0] = NULL;
  vector[0] = vector[3] = 1000;  // later arguments must not reach the launch before
  CHECK(clSetKernelArg(kernel, 1, sizeof vector, vector));
  uint32_t pattern[2] = {5, 6};
  CHECK(clEnqueueFillBuffer(queue, buffer, pattern, sizeof pattern, 0, 64, 0, NULL, NULL));
  pattern[0] = pattern[1] = 0;
  size_t from[3] = {0, 0, 0}, to[3] = {64, 1, 0}, region[3] = {16, 2, 1};
  CHECK(clEnqueueCopyBufferRect(queue, buffer, buffer, from, to, region, 128, 0, 128, 0, 0, NULL, NULL));
  memset(from, 0xff, sizeof from);
  memset(to, 0xff, sizeof to);
  memset(region, 0xff, sizeof region);
  CHECK(clSetUserEventStatus(gate, CL_COMPLETE));
  CHECK(clReleaseKernel(kernel));
  CHECK(clReleaseProgram(program));
  CHECK(clEnqueueReadBuffer(queue, buffer, CL_TRUE, 0, sizeof data, data, 0, NULL, NULL));
  printf("%u %u %u %u, checksum %08x\n", data[0], data[1], data[48], data[1023], sum_of(data, 1024));
  return 0;
}
