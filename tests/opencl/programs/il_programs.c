// Programs from SPIR-V: built, specialised, compiled and linked, asked for their IL, and what is no SPIR-V.
#include "program.h"

// kernel void scale(global uint* a, uint n) { size_t i = get_global_id(0); a[i] = a[i] * F + n + (uint)O; }
// F: uint, specialisation constant 5, else 3; O: ulong, specialisation constant 6, else 1.
static const uint32_t words[] = {
    0x7230203, 0x10000, 0x70000, 0x17, 0x0, 0x20011, 0x4, 0x20011, 0x5, 0x20011, 0x6, 0x20011, 0xb, 0x3000e, 0x2, 0x2,
    0x6000f, 0x6, 0x1, 0x6c616373, 0x65, 0x2, 0x30010, 0x1, 0x1f, 0x40005, 0x1, 0x6c616373, 0x65, 0x30005, 0x3, 0x61,
    0x30005, 0x4, 0x6e, 0x40047, 0x2, 0xb, 0x1c, 0x30047, 0x2, 0x16, 0x40047, 0x5, 0x1, 0x5, 0x40047, 0x6, 0x1, 0x6,
    0x20013, 0x7, 0x40015, 0x8, 0x20, 0x0, 0x40015, 0x9, 0x40, 0x0, 0x40017, 0xa, 0x9, 0x3, 0x40020, 0xb, 0x1, 0xa,
    0x40020, 0xc, 0x5, 0x8, 0x50021, 0xd, 0x7, 0xc, 0x8, 0x40032, 0x8, 0x5, 0x3, 0x50032, 0x9, 0x6, 0x1, 0x0, 0x4003b,
    0xb, 0x2, 0x1, 0x50036, 0x7, 0x1, 0x0, 0xd, 0x30037, 0xc, 0x3, 0x30037, 0x8, 0x4, 0x200f8, 0xe, 0x4003d, 0xa, 0xf,
    0x2, 0x50051, 0x9, 0x10, 0xf, 0x0, 0x50046, 0xc, 0x11, 0x3, 0x10, 0x6003d, 0x8, 0x12, 0x11, 0x2, 0x4, 0x50084, 0x8,
    0x13, 0x12, 0x5, 0x50080, 0x8, 0x14, 0x13, 0x4, 0x40071, 0x8, 0x15, 0x6, 0x50080, 0x8, 0x16, 0x14, 0x15, 0x5003e,
    0x11, 0x16, 0x2, 0x4, 0x100fd, 0x10038,
};

typedef cl_program (*Create)(cl_context, const void*, size_t, cl_int*);

static uint32_t run(cl_program program) {
  cl_kernel kernel = kernel_of(program, "scale");
  uint32_t values[4] = {10, 20, 30, 40}, n = 7;
  cl_mem buffer = new_buffer(CL_MEM_COPY_HOST_PTR, sizeof values, values);
  const size_t global = 4;
  CHECK(clSetKernelArg(kernel, 0, sizeof buffer, &buffer));
  CHECK(clSetKernelArg(kernel, 1, sizeof n, &n));
  CHECK(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &global, NULL, 0, NULL, NULL));
  CHECK(clEnqueueReadBuffer(queue, buffer, CL_TRUE, 0, sizeof values, values, 0, NULL, NULL));
  printf("  %u %u %u %u\n", values[0], values[1], values[2], values[3]);
  return values[0];
}

static cl_program create(Create by, const void* il, size_t size) {
  cl_int status;
  cl_program program = by(context, il, size, &status);
  CHECK(status);
  return program;
}

int main(void) {
  open_device();
  char version[1000] = "";
  clGetDeviceInfo(device, CL_DEVICE_IL_VERSION, sizeof version, version, NULL);
  if (!strstr(version, "SPIR-V")) return printf("SPIR-V is not offered\n"), 0;
  printf("%s\n", version);
  Create khr = (Create)clGetExtensionFunctionAddressForPlatform(platform, "clCreateProgramWithILKHR");
  printf("the extension's function: %s\n", khr ? "there" : "missing");
  const Create both[] = {clCreateProgramWithIL, khr ? khr : clCreateProgramWithIL};
  cl_int status;
  for (int i = 0; i < 2; ++i) {
    cl_program program = create(both[i], words, sizeof words);
    CHECK(clBuildProgram(program, 1, &device, "", NULL, NULL));
    run(program);
    size_t size = 0, length = 99;
    CHECK(clGetProgramInfo(program, CL_PROGRAM_IL, 0, NULL, &size));
    char* il = malloc(size), source[8];
    CHECK(clGetProgramInfo(program, CL_PROGRAM_IL, size, il, NULL));
    CHECK(clGetProgramInfo(program, CL_PROGRAM_SOURCE, sizeof source, source, &length));
    printf("its IL: %zu bytes, %s; source: %zu bytes\n", size, memcmp(il, words, sizeof words) ? "other" : "the same", length);
    CHECK(clReleaseProgram(program));
  }
  cl_program special = create(clCreateProgramWithIL, words, sizeof words);
  const uint32_t factor = 5;
  const uint64_t offset = 1000;
  CHECK(clSetProgramSpecializationConstant(special, 5, sizeof factor, &factor));
  CHECK(clSetProgramSpecializationConstant(special, 6, sizeof offset, &offset));
  printf("no such constant %d, wrong size %d, no value %d\n", clSetProgramSpecializationConstant(special, 77, 4, &factor),
         clSetProgramSpecializationConstant(special, 6, 4, &factor), clSetProgramSpecializationConstant(special, 5, 4, NULL));
  CHECK(clBuildProgram(special, 1, &device, "", NULL, NULL));
  run(special);
  cl_program source = build("kernel void k(void) {}", "");
  printf("constant of a program from source: %d\n", clSetProgramSpecializationConstant(source, 5, 4, &factor));

  cl_program part = create(clCreateProgramWithIL, words, sizeof words);
  CHECK(clCompileProgram(part, 1, &device, "", 0, NULL, NULL, NULL, NULL));
  cl_program linked = clLinkProgram(context, 1, &device, "", 1, &part, NULL, NULL, &status);
  CHECK(status);
  run(linked);

  size_t size;
  CHECK(clGetProgramInfo(special, CL_PROGRAM_BINARY_SIZES, sizeof size, &size, NULL));
  unsigned char* binary = malloc(size);
  CHECK(clGetProgramInfo(special, CL_PROGRAM_BINARIES, sizeof binary, &binary, NULL));
  cl_program again = clCreateProgramWithBinary(context, 1, &device, &size, (const unsigned char**)&binary, NULL, &status);
  CHECK(status);
  CHECK(clBuildProgram(again, 1, &device, "", NULL, NULL));
  run(again);

  cl_program junk = clCreateProgramWithIL(context, "this is no SPIR-V at all", 24, &status);
  printf("junk: %d", status);
  if (junk) printf(", built: %d", clBuildProgram(junk, 1, &device, "", NULL, NULL));
  clCreateProgramWithIL(context, words, 0, &status);
  printf("\nno bytes: %d, ", status);
  clCreateProgramWithIL(context, NULL, sizeof words, &status);
  printf("no IL: %d\n", status);
  return 0;
}
