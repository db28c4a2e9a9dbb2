// A slow build on one thread, and one with a callback, hold up neither launches nor small reads of others.
#include <pthread.h>
#include <stdatomic.h>

#include "program.h"

static atomic_int builds;

static char* large_source(int seed) {
  char* source = malloc(400000);
  char* end = source;
  for (int i = 0; i < 300; ++i)
    end += sprintf(end, "kernel void k%d(global float* a) { float x = a[%d]; for (int i = 0; i < 9; ++i) x = sin(x * %d.5f) + a[i]; a[0] = x; }\n", i, i % 7, seed + i);
  return source;
}

static void CL_CALLBACK built(cl_program program, void* data) {
  cl_build_status status;
  CHECK(clGetProgramBuildInfo(program, device, CL_PROGRAM_BUILD_STATUS, sizeof status, &status, NULL));
  if (status != CL_BUILD_SUCCESS || data != &builds) printf("callback: status %d\n", status);
  atomic_fetch_add(&builds, 1);
}

static void* build_one(void* unused) {
  char* source = large_source(1);
  clReleaseProgram(build(source, ""));
  free(source);
  atomic_fetch_add(&builds, 1);
  return unused;
}

int main(void) {
  open_device();
  cl_kernel kernel = build_kernel("kernel void inc(global uint* a) { a[get_global_id(0)]++; }", "inc");
  uint32_t data[64] = {0}, rounds = 0;
  cl_mem buffer = new_buffer(CL_MEM_COPY_HOST_PTR, sizeof data, data);
  CHECK(clSetKernelArg(kernel, 0, sizeof buffer, &buffer));
  pthread_t thread;
  pthread_create(&thread, NULL, build_one, NULL);
  char* source = large_source(1000);
  cl_int status;
  cl_program program = clCreateProgramWithSource(context, 1, (const char**)&source, NULL, &status);
  CHECK(status);
  memset(source, ' ', 1000);
  free(source);
  CHECK(clBuildProgram(program, 1, &device, "", built, &builds));
  const size_t global = 64;
  do {
    CHECK(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &global, NULL, 0, NULL, NULL));
    CHECK(clEnqueueReadBuffer(queue, buffer, CL_TRUE, 0, sizeof data, data, 0, NULL, NULL));
    if (data[63] != ++rounds) printf("round %u read %u\n", rounds, data[63]);
    usleep(1000);
  } while (atomic_load(&builds) < 2);
  pthread_join(thread, NULL);
  cl_uint count;
  CHECK(clCreateKernelsInProgram(program, 0, NULL, &count));
  printf("both built, %u kernels\n", count);
  return 0;
}
