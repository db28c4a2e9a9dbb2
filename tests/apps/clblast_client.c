// A small client of Debian's CLBlast: vectors, matrices and batches, on integers, so that every result is exact.
#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>
#include <clblast_c.h>
#include <stdio.h>
#include <stdlib.h>

enum { kN = 96, kBatch = 4 };

static cl_context context;
static cl_command_queue queue;

static void check(int status, const char* what) {
  if (status == 0) return;
  printf("%s: %d\n", what, status);
  exit(1);
}

static cl_mem matrix(int seed) {
  float values[kN * kN];
  for (int i = 0; i < kN * kN; ++i) values[i] = (float)((i * 7 + seed) % 11 - 5);
  cl_int status;
  cl_mem made = clCreateBuffer(context, CL_MEM_READ_WRITE | CL_MEM_COPY_HOST_PTR, sizeof values, values, &status);
  check(status, "clCreateBuffer");
  return made;
}

static void show(const char* name, cl_mem of, int status, int count) {
  float values[kN * kN];
  check(status, name);
  check(clEnqueueReadBuffer(queue, of, CL_TRUE, 0, sizeof values, values, 0, NULL, NULL), "clEnqueueReadBuffer");
  double sum = 0, weighted = 0;
  for (int i = 0; i < count; ++i) {
    sum += values[i];
    weighted += (double)values[i] * (i % 13 + 1);
  }
  printf("%s: first %g, last %g, sum %.0f, weighted %.0f\n", name, values[0], values[count - 1], sum, weighted);
}

int main(void) {
  cl_platform_id platform;
  cl_device_id device;
  cl_int status;
  check(clGetPlatformIDs(1, &platform, NULL), "clGetPlatformIDs");
  check(clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 1, &device, NULL), "clGetDeviceIDs");
  context = clCreateContext(NULL, 1, &device, NULL, NULL, &status);
  check(status, "clCreateContext");
  queue = clCreateCommandQueue(context, device, 0, &status);
  check(status, "clCreateCommandQueue");
  const int all = kN * kN;
  cl_mem a = matrix(1), b = matrix(2), c = matrix(3);
  const CLBlastLayout layout = CLBlastLayoutRowMajor;
  const CLBlastTranspose no = CLBlastTransposeNo, yes = CLBlastTransposeYes;
  show("axpy", b, CLBlastSaxpy(all, 3.0f, a, 0, 1, b, 0, 1, &queue, NULL), all);
  show("dot", c, CLBlastSdot(all, c, 0, a, 0, 1, b, 0, 1, &queue, NULL), 1);
  show("gemv", c, CLBlastSgemv(layout, yes, kN, kN, 1.0f, a, 0, kN, b, 0, 1, 2.0f, c, 0, 1, &queue, NULL), kN);
  show("gemm", c, CLBlastSgemm(layout, no, no, kN, kN, kN, 1.0f, a, 0, kN, b, 0, kN, 0.0f, c, 0, kN, &queue, NULL), all);
  show("gemm, odd", c, CLBlastSgemm(layout, no, yes, 33, 17, 29, 2.0f, a, 5, kN, b, 7, kN, 1.0f, c, 3, kN, &queue, NULL), all);
  show("transpose", c, CLBlastSomatcopy(layout, yes, kN, kN, 1.0f, a, 0, kN, c, 0, kN, &queue, NULL), all);
  float alphas[kBatch] = {1, 2, 3, 4}, betas[kBatch] = {0, 1, 0, 1};
  size_t from[kBatch] = {0, 24, 48, 72}, other[kBatch] = {1, 2, 3, 4}, to[kBatch] = {0, 24, 48, 72};
  show("batch", c, CLBlastSgemmBatched(layout, no, no, 20, 20, 20, alphas, a, from, kN, b, other, kN, betas, c, to, kN, kBatch, &queue, NULL), all);
  return 0;
}
