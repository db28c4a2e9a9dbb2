// Separate compilation with headers given as programs, libraries, and kernels of a linked program.
#include "program.h"

int main(void) {
  open_device();
  const char *header = "int twice(int x);\n#include \"folder/inner.h\"\n", *inner = "#define PLUS 7\n";
  const char* library_source = "#include \"lib.h\"\nint twice(int x) { return 2 * x + PLUS; }";
  const char* main_source = "#include \"lib.h\"\nkernel void k(global int* a) { a[0] = twice(a[0]) + PLUS; }";
  cl_int status;
  cl_program headers[2] = {clCreateProgramWithSource(context, 1, &header, NULL, &status), NULL};
  CHECK(status);
  headers[1] = clCreateProgramWithSource(context, 1, &inner, NULL, &status);
  CHECK(status);
  const char* names[2] = {"lib.h", "folder/inner.h"};
  cl_program parts[2];
  parts[0] = clCreateProgramWithSource(context, 1, &library_source, NULL, &status);
  CHECK(status);
  parts[1] = clCreateProgramWithSource(context, 1, &main_source, NULL, &status);
  CHECK(status);
  for (int i = 0; i < 2; ++i) CHECK(clCompileProgram(parts[i], 1, &device, "", 2, headers, names, NULL, NULL));
  cl_program_binary_type type;
  CHECK(clGetProgramBuildInfo(parts[0], device, CL_PROGRAM_BINARY_TYPE, sizeof type, &type, NULL));
  printf("compiled: %x\n", type);
  cl_program library = clLinkProgram(context, 1, &device, "-create-library", 1, &parts[0], NULL, NULL, &status);
  CHECK(status);
  CHECK(clGetProgramBuildInfo(library, device, CL_PROGRAM_BINARY_TYPE, sizeof type, &type, NULL));
  printf("library: %x\n", type);
  cl_program both[2] = {parts[1], library};
  cl_program linked = clLinkProgram(context, 1, &device, "", 2, both, NULL, NULL, &status);
  CHECK(status);
  CHECK(clGetProgramBuildInfo(linked, device, CL_PROGRAM_BINARY_TYPE, sizeof type, &type, NULL));
  printf("executable: %x\n", type);
  cl_kernel kernel = kernel_of(linked, "k");
  cl_int value = 5;
  cl_mem a = new_buffer(CL_MEM_COPY_HOST_PTR, 4, &value);
  const size_t one = 1;
  CHECK(clSetKernelArg(kernel, 0, sizeof a, &a));
  CHECK(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &one, NULL, 0, NULL, NULL));
  CHECK(clEnqueueReadBuffer(queue, a, CL_TRUE, 0, 4, &value, 0, NULL, NULL));
  printf("value: %d\n", value);
  clLinkProgram(context, 1, &device, "", 1, &parts[1], NULL, NULL, &status);
  printf("link without the library: %d\n", status);
  return 0;
}
