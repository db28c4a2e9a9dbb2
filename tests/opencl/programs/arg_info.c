// Kernel and argument queries, and build options as the program gave them.
#include "program.h"

static const char* source =
    "__attribute__((reqd_work_group_size(4, 2, 1))) kernel void k(global const float* restrict input, constant int* table,"
    " local uint4* scratch, read_only image2d_t picture, sampler_t s, const short n) { }";

int main(void) {
  open_device();
  const char* options = "-cl-kernel-arg-info -DVALUE=3";
  cl_program program = build(source, options);
  char text[1024];
  CHECK(clGetProgramBuildInfo(program, device, CL_PROGRAM_BUILD_OPTIONS, sizeof text, text, NULL));
  printf("options: %s\n", text);
  CHECK(clGetProgramInfo(program, CL_PROGRAM_KERNEL_NAMES, sizeof text, text, NULL));
  printf("kernels: %s\n", text);
  cl_kernel kernel = kernel_of(program, "k");
  cl_uint count;
  CHECK(clGetKernelInfo(kernel, CL_KERNEL_NUM_ARGS, sizeof count, &count, NULL));
  for (cl_uint i = 0; i < count; ++i) {
    cl_kernel_arg_address_qualifier address;
    cl_kernel_arg_access_qualifier access;
    cl_kernel_arg_type_qualifier type;
    char type_name[100], name[100];
    CHECK(clGetKernelArgInfo(kernel, i, CL_KERNEL_ARG_ADDRESS_QUALIFIER, sizeof address, &address, NULL));
    CHECK(clGetKernelArgInfo(kernel, i, CL_KERNEL_ARG_ACCESS_QUALIFIER, sizeof access, &access, NULL));
    CHECK(clGetKernelArgInfo(kernel, i, CL_KERNEL_ARG_TYPE_QUALIFIER, sizeof type, &type, NULL));
    CHECK(clGetKernelArgInfo(kernel, i, CL_KERNEL_ARG_TYPE_NAME, sizeof type_name, type_name, NULL));
    CHECK(clGetKernelArgInfo(kernel, i, CL_KERNEL_ARG_NAME, sizeof name, name, NULL));
    printf("%u: %x %x %llx %s %s\n", i, address, access, (unsigned long long)type, type_name, name);
  }
  size_t sizes[3];
  CHECK(clGetKernelWorkGroupInfo(kernel, device, CL_KERNEL_COMPILE_WORK_GROUP_SIZE, sizeof sizes, sizes, NULL));
  printf("work-group: %zu %zu %zu\n", sizes[0], sizes[1], sizes[2]);
  printf("too small: %d\n", clGetKernelArgInfo(kernel, 0, CL_KERNEL_ARG_NAME, 2, text, NULL));
  const size_t global[2] = {8, 8}, wrong[2] = {2, 2};
  cl_kernel fixed = build_kernel("__attribute__((reqd_work_group_size(4, 2, 1))) kernel void k() { }", "k");
  printf("wrong local size: %d\n", clEnqueueNDRangeKernel(queue, fixed, 2, NULL, global, wrong, 0, NULL, NULL));
  CHECK(clFinish(queue));
  return 0;
}
