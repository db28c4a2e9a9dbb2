// Program binaries taken from one program run in another, also in another context; broken ones get their code.
#include "program.h"

int main(void) {
  open_device();
  cl_program program = build("kernel void k(global uint* a, uint n) { a[0] = a[0] + n; }\nkernel void other(void) {}", "-DX=1");
  size_t size;
  CHECK(clGetProgramInfo(program, CL_PROGRAM_BINARY_SIZES, sizeof size, &size, NULL));
  unsigned char* bytes = malloc(size);
  CHECK(clGetProgramInfo(program, CL_PROGRAM_BINARIES, sizeof bytes, &bytes, NULL));
  char source[200];
  size_t length;
  CHECK(clGetProgramInfo(program, CL_PROGRAM_SOURCE, sizeof source, source, &length));
  printf("source: %zu bytes\n%s\n", length, source);
  cl_int status, each = 99;
  context = clCreateContext(NULL, 1, &device, NULL, NULL, &status);
  CHECK(status);
  queue = new_queue(0);
  cl_program again = clCreateProgramWithBinary(context, 1, &device, &size, (const unsigned char**)&bytes, &each, &status);
  printf("create: %d %d\n", status, each);
  memset(bytes, 0, size);
  CHECK(clBuildProgram(again, 1, &device, "", NULL, NULL));
  cl_kernel kernels[4];
  cl_uint count;
  CHECK(clCreateKernelsInProgram(again, 4, kernels, &count));
  printf("kernels: %u\n", count);
  cl_kernel kernel = kernel_of(again, "k");
  uint32_t value = 3, n = 4;
  cl_mem buffer = new_buffer(CL_MEM_COPY_HOST_PTR, 4, &value);
  const size_t one = 1;
  CHECK(clSetKernelArg(kernel, 0, sizeof buffer, &buffer));
  CHECK(clSetKernelArg(kernel, 1, 4, &n));
  CHECK(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &one, NULL, 0, NULL, NULL));
  CHECK(clEnqueueReadBuffer(queue, buffer, CL_TRUE, 0, 4, &value, 0, NULL, NULL));
  printf("value: %u\n", value);
  CHECK(clGetProgramInfo(again, CL_PROGRAM_SOURCE, sizeof source, source, &length));
  printf("source of a binary: %zu\n", length);
  const unsigned char* junk = (const unsigned char*)"this is no program";
  size = 18;
  clCreateProgramWithBinary(context, 1, &device, &size, &junk, &each, &status);
  printf("junk: %d %d\n", status, each);
  size = 0;
  clCreateProgramWithBinary(context, 1, &device, &size, &junk, &each, &status);
  printf("empty: %d\n", status);
  return 0;
}
