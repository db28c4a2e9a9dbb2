// Programs and kernels: what is wrong with making, building, linking and asking about them.
#include "codes.h"

static void CL_CALLBACK nothing(cl_program program, void* data) { (void)program, (void)data; }

int main(void) {
  open_device();
  static char value[65536];
  cl_uint count;
  const char* source = "kernel void k(global int* a) { a[0] = 1; }";
  const char* broken = "kernel void k( {";

  MAKES(CL_INVALID_VALUE, clCreateProgramWithSource(context, 0, &source, NULL, &status));
  MAKES(CL_INVALID_VALUE, clCreateProgramWithSource(context, 1, NULL, NULL, &status));
  MAKES(CL_INVALID_VALUE, clCreateProgramWithSource(context, 2, (const char*[]){source, NULL}, NULL, &status));
  cl_program plain = clCreateProgramWithSource(context, 1, &source, NULL, &status);
  GIVES(CL_SUCCESS, status);

  // Builds.
  GIVES(CL_INVALID_VALUE, clBuildProgram(plain, 0, &device, NULL, NULL, NULL));
  GIVES(CL_INVALID_VALUE, clBuildProgram(plain, 1, NULL, NULL, NULL, NULL));
  GIVES(CL_INVALID_VALUE, clBuildProgram(plain, 1, &device, NULL, NULL, value));
  cl_program odd = clCreateProgramWithSource(context, 1, &source, NULL, &status);
  GIVES(CL_INVALID_BUILD_OPTIONS, clBuildProgram(odd, 1, &device, "-no-such-option", NULL, NULL));
  MAKES(CL_INVALID_PROGRAM_EXECUTABLE, clCreateKernel(plain, "k", &status));
  GIVES(CL_INVALID_PROGRAM_EXECUTABLE, clCreateKernelsInProgram(plain, 0, NULL, &count));
  GIVES(CL_INVALID_PROGRAM_EXECUTABLE, clGetProgramInfo(plain, CL_PROGRAM_NUM_KERNELS, sizeof value, value, NULL));
  GIVES(CL_INVALID_PROGRAM_EXECUTABLE, clGetProgramInfo(plain, CL_PROGRAM_KERNEL_NAMES, sizeof value, value, NULL));
  GIVES(CL_SUCCESS, clBuildProgram(plain, 1, &device, "", NULL, NULL));
  GIVES(CL_SUCCESS, clBuildProgram(plain, 0, NULL, NULL, NULL, NULL));
  cl_program bad = clCreateProgramWithSource(context, 1, &broken, NULL, &status);
  GIVES(CL_BUILD_PROGRAM_FAILURE, clBuildProgram(bad, 1, &device, "", NULL, NULL));
  GIVES(CL_COMPILE_PROGRAM_FAILURE, clCompileProgram(bad, 1, &device, "", 0, NULL, NULL, NULL, NULL));
  MAKES(CL_INVALID_PROGRAM_EXECUTABLE, clCreateKernel(bad, "k", &status));
  GIVES(CL_INVALID_VALUE, clCompileProgram(plain, 0, NULL, "", 1, NULL, NULL, NULL, NULL));
  GIVES(CL_INVALID_VALUE, clCompileProgram(plain, 0, NULL, "", 0, &plain, NULL, NULL, NULL));
  GIVES(CL_INVALID_VALUE, clCompileProgram(plain, 0, NULL, "", 0, NULL, &source, NULL, NULL));
  GIVES(CL_INVALID_VALUE, clCompileProgram(plain, 0, NULL, "", 0, NULL, NULL, NULL, value));
  MAKES(CL_INVALID_VALUE, clLinkProgram(context, 0, NULL, "", 0, NULL, NULL, NULL, &status));
  MAKES(CL_INVALID_VALUE, clLinkProgram(context, 0, NULL, "", 1, NULL, NULL, NULL, &status));
  MAKES(CL_INVALID_VALUE, clLinkProgram(context, 1, NULL, "", 1, &plain, NULL, NULL, &status));
  MAKES(CL_INVALID_VALUE, clLinkProgram(context, 0, NULL, "", 1, &plain, NULL, value, &status));

  // What only some devices take.
  MAKES(CL_INVALID_VALUE, clCreateProgramWithBuiltInKernels(context, 1, &device, NULL, &status));
  MAKES(CL_INVALID_VALUE, clCreateProgramWithBuiltInKernels(context, 0, &device, "k", &status));
  MAKES(CL_INVALID_VALUE, clCreateProgramWithBuiltInKernels(context, 1, NULL, "k", &status));
  MAKES(CL_INVALID_VALUE, clCreateProgramWithBuiltInKernels(context, 1, &device, "no such kernel", &status));
  const unsigned char* nonsense = (const unsigned char*)"nonsense";
  cl_int each = 12345;
  MAKES(CL_INVALID_VALUE, clCreateProgramWithBinary(context, 0, NULL, (size_t[]){8}, &nonsense, &each, &status));
  MAKES(CL_INVALID_VALUE, clCreateProgramWithBinary(context, 1, &device, NULL, &nonsense, &each, &status));
  MAKES(CL_INVALID_VALUE, clCreateProgramWithBinary(context, 1, &device, (size_t[]){8}, NULL, &each, &status));
  MAKES(CL_INVALID_VALUE, clCreateProgramWithBinary(context, 1, &device, (size_t[]){0}, &nonsense, &each, &status));
  GIVES(CL_INVALID_VALUE, each);
  MAKES(CL_INVALID_BINARY, clCreateProgramWithBinary(context, 1, &device, (size_t[]){8}, &nonsense, &each, &status));
  GIVES(CL_INVALID_BINARY, each);
  CHECK(clGetDeviceInfo(device, CL_DEVICE_IL_VERSION, sizeof value, value, NULL));
  const int takes_il = value[0] != '\0';
  MAKES(takes_il ? CL_INVALID_VALUE : CL_INVALID_OPERATION, clCreateProgramWithIL(context, nonsense, 8, &status));
  MAKES(CL_INVALID_VALUE, clCreateProgramWithIL(context, NULL, 8, &status));
  MAKES(CL_INVALID_VALUE, clCreateProgramWithIL(context, nonsense, 0, &status));
  GIVES(takes_il ? CL_INVALID_PROGRAM : CL_INVALID_OPERATION, clSetProgramSpecializationConstant(plain, 0, 4, value));
  GIVES(CL_INVALID_OPERATION, clSetProgramReleaseCallback(plain, nothing, NULL));

  // Questions.
  GIVES(CL_INVALID_VALUE, clGetProgramInfo(plain, 0xdead, sizeof value, value, NULL));
  GIVES(CL_INVALID_VALUE, clGetProgramInfo(plain, CL_PROGRAM_SOURCE, 1, value, NULL));
  GIVES(CL_INVALID_VALUE, clGetProgramBuildInfo(plain, device, 0xdead, sizeof value, value, NULL));
  GIVES(CL_INVALID_VALUE, clGetProgramBuildInfo(plain, device, CL_PROGRAM_BUILD_STATUS, 1, value, NULL));

  // Kernels.
  MAKES(CL_INVALID_VALUE, clCreateKernel(plain, NULL, &status));
  MAKES(CL_INVALID_KERNEL_NAME, clCreateKernel(plain, "", &status));
  MAKES(CL_INVALID_KERNEL_NAME, clCreateKernel(plain, "another", &status));
  cl_kernel kernel = kernel_of(plain, "k"), few[1];
  GIVES(CL_INVALID_OPERATION, clBuildProgram(plain, 1, &device, "", NULL, NULL));
  GIVES(CL_INVALID_OPERATION, clCompileProgram(plain, 0, NULL, "", 0, NULL, NULL, NULL, NULL));
  cl_program two = build("kernel void a(void) {} kernel void b(void) {}", "");
  GIVES(CL_INVALID_VALUE, clCreateKernelsInProgram(two, 1, few, &count));
  GIVES(CL_SUCCESS, clCreateKernelsInProgram(two, 0, NULL, &count));
  GIVES(2, (cl_int)count);
  GIVES(CL_INVALID_VALUE, clGetKernelInfo(kernel, 0xdead, sizeof value, value, NULL));
  GIVES(CL_INVALID_VALUE, clGetKernelInfo(kernel, CL_KERNEL_FUNCTION_NAME, 1, value, NULL));
  GIVES(CL_INVALID_ARG_INDEX, clGetKernelArgInfo(kernel, 1, CL_KERNEL_ARG_NAME, sizeof value, value, NULL));
  GIVES(CL_INVALID_VALUE, clGetKernelWorkGroupInfo(kernel, device, 0xdead, sizeof value, value, NULL));
  GIVES(CL_INVALID_VALUE, clGetKernelWorkGroupInfo(kernel, device, CL_KERNEL_WORK_GROUP_SIZE, 1, value, NULL));
  GIVES(CL_INVALID_ARG_INDEX, clSetKernelArg(kernel, 1, 8, value));
  GIVES(CL_INVALID_ARG_SIZE, clSetKernelArg(kernel, 0, 4, value));
  cl_device_svm_capabilities svm = 0;
  CHECK(clGetDeviceInfo(device, CL_DEVICE_SVM_CAPABILITIES, sizeof svm, &svm, NULL));
  if (svm != 0) {
    int own = 0;
    GIVES(CL_INVALID_ARG_INDEX, clSetKernelArgSVMPointer(kernel, 1, NULL));
    GIVES(CL_INVALID_ARG_VALUE, clSetKernelArgSVMPointer(kernel, 0, &own));
    GIVES(CL_INVALID_VALUE, clSetKernelExecInfo(kernel, 0xdead, 8, value));
    GIVES(CL_INVALID_VALUE, clSetKernelExecInfo(kernel, CL_KERNEL_EXEC_INFO_SVM_PTRS, 8, NULL));
    GIVES(CL_INVALID_VALUE, clSetKernelExecInfo(kernel, CL_KERNEL_EXEC_INFO_SVM_PTRS, 7, value));
    GIVES(CL_INVALID_OPERATION,
          clSetKernelExecInfo(kernel, CL_KERNEL_EXEC_INFO_SVM_FINE_GRAIN_SYSTEM, sizeof(cl_bool), &(cl_bool){CL_TRUE}));
  }
  return end_of_codes();
}
