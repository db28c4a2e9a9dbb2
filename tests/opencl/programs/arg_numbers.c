// Eight bytes of an argument may be a handle or a number that looks like one: from source and from a binary.
#include "program.h"

static const char* source =
    "kernel void put(global ulong* out, ulong number, global ulong* in, double d, ulong2 pair) {"
    " out[0] = number; out[1] = in[0]; out[2] = as_ulong(d); out[3] = pair.x; out[4] = pair.y; }";

static void use(cl_program program, const char* label) {
  cl_kernel kernel = kernel_of(program, "put");
  uint64_t in = 77, out[5] = {0};
  cl_mem a = new_buffer(0, sizeof out, NULL), b = new_buffer(CL_MEM_COPY_HOST_PTR, 8, &in);
  const uint64_t number = (uint64_t)(uintptr_t)b, pair[2] = {(uint64_t)(uintptr_t)a, (uint64_t)(uintptr_t)kernel};
  CHECK(clSetKernelArg(kernel, 0, 8, &a));
  CHECK(clSetKernelArg(kernel, 1, 8, &number));
  CHECK(clSetKernelArg(kernel, 2, 8, &b));
  CHECK(clSetKernelArg(kernel, 3, 8, &number));
  CHECK(clSetKernelArg(kernel, 4, 16, pair));
  const size_t one = 1;
  CHECK(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &one, NULL, 0, NULL, NULL));
  CHECK(clEnqueueReadBuffer(queue, a, CL_TRUE, 0, sizeof out, out, 0, NULL, NULL));
  printf("%s: number %s, buffer %s, double %s, pair %s\n", label, out[0] == number ? "kept" : "changed", out[1] == 77 ? "kept" : "changed",
         out[2] == number ? "kept" : "changed", out[3] == pair[0] && out[4] == pair[1] ? "kept" : "changed");
  // The same address as a number once its object is gone.
  CHECK(clReleaseMemObject(b));
  cl_mem c = new_buffer(CL_MEM_COPY_HOST_PTR, 8, &in);
  CHECK(clSetKernelArg(kernel, 2, 8, &c));
  CHECK(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &one, NULL, 0, NULL, NULL));
  CHECK(clEnqueueReadBuffer(queue, a, CL_TRUE, 0, sizeof out, out, 0, NULL, NULL));
  printf("%s, released: number %s, buffer %s\n", label, out[0] == number ? "kept" : "changed", out[1] == 77 ? "kept" : "changed");
}

int main(void) {
  open_device();
  cl_program program = build(source, "");
  use(program, "source");
  size_t size;
  CHECK(clGetProgramInfo(program, CL_PROGRAM_BINARY_SIZES, sizeof size, &size, NULL));
  unsigned char* binary = malloc(size);
  CHECK(clGetProgramInfo(program, CL_PROGRAM_BINARIES, sizeof binary, &binary, NULL));
  cl_int status, of_binary;
  cl_program again = clCreateProgramWithBinary(context, 1, &device, &size, (const unsigned char**)&binary, &of_binary, &status);
  CHECK(status);
  CHECK(of_binary);
  CHECK(clBuildProgram(again, 1, &device, "", NULL, NULL));
  use(again, "binary");
  return 0;
}
