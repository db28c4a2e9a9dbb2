/* Keeps a device busy with equal kernels, so many in flight, for so many seconds. Says for each second how many of them
 * ended and how many milliseconds they took on the device, and at last whether all was computed right.
 * Usage: shared WORK IN_FLIGHT SECONDS */
#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define CHECK(call)                                \
  do {                                             \
    cl_int status_ = (call);                       \
    if (status_ != CL_SUCCESS) {                   \
      fprintf(stderr, "%s: %d\n", #call, status_); \
      exit(1);                                     \
    }                                              \
  } while (0)

enum { kMost = 1024, kSize = 512, kGroup = 64 };

static const char *kSource =
    "__kernel void advance(__global uint *x, uint rounds) {"
    "  size_t i = get_global_id(0); uint v = x[i];"
    "  for (uint r = 0; r < rounds; ++r) v = v * 1664525u + 1013904223u;"
    "  x[i] = v + 1;"
    "}";

static double took(cl_event event) {
  cl_ulong start = 0, end = 0;
  CHECK(clGetEventProfilingInfo(event, CL_PROFILING_COMMAND_START, sizeof start, &start, NULL));
  CHECK(clGetEventProfilingInfo(event, CL_PROFILING_COMMAND_END, sizeof end, &end, NULL));
  return (double)(end - start) / 1e6;
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv) {
  cl_uint rounds = (cl_uint)strtoul(argv[1], NULL, 10);
  int in_flight = atoi(argv[2]);
  double seconds = atof(argv[3]);
  cl_platform_id platform;
  cl_device_id device;
  if (argc != 4 || in_flight > kMost) return 64;
  CHECK(clGetPlatformIDs(1, &platform, NULL));
  CHECK(clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 1, &device, NULL));
  cl_int error;
  cl_context context = clCreateContext(NULL, 1, &device, NULL, NULL, &error);
  CHECK(error);
  cl_command_queue queue = clCreateCommandQueue(context, device, CL_QUEUE_PROFILING_ENABLE, &error);
  CHECK(error);
  cl_program program = clCreateProgramWithSource(context, 1, &kSource, NULL, &error);
  CHECK(error);
  CHECK(clBuildProgram(program, 1, &device, "", NULL, NULL));
  cl_kernel kernel = clCreateKernel(program, "advance", &error);
  CHECK(error);
  cl_uint x[kSize] = {0};
  cl_mem buffer = clCreateBuffer(context, CL_MEM_READ_WRITE | CL_MEM_COPY_HOST_PTR, sizeof x, x, &error);
  CHECK(error);
  CHECK(clSetKernelArg(kernel, 0, sizeof buffer, &buffer));
  CHECK(clSetKernelArg(kernel, 1, sizeof rounds, &rounds));
  size_t size = kSize, group = kGroup;
  CHECK(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &size, &group, 0, NULL, NULL));
  CHECK(clFinish(queue));
  puts("ready");
  fflush(stdout);
  getchar();
  cl_event events[kMost] = {NULL};
  long launched = 1, ended = 0;
  double begun = now(), next = begun + 1, busy = 0;
  for (int i = 0;; i = (i + 1) % in_flight) {
    if (events[i]) {
      CHECK(clWaitForEvents(1, &events[i]));
      busy += took(events[i]);
      CHECK(clReleaseEvent(events[i]));
      events[i] = NULL;
      ++ended;
      if (now() >= next) {
        printf("%ld %.3f\n", ended, busy);
        fflush(stdout);
        ended = 0;
        busy = 0;
        next += 1;
      }
      if (now() - begun >= seconds) break;
    }
    CHECK(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &size, &group, 0, NULL, &events[i]));
    CHECK(clFlush(queue));
    ++launched;
  }
  CHECK(clEnqueueReadBuffer(queue, buffer, CL_TRUE, 0, sizeof x, x, 0, NULL, NULL));
  cl_uint factor = 1, summand = 0, expected = 0;
  for (cl_uint r = 0; r < rounds; ++r) {
    factor *= 1664525u;
    summand = summand * 1664525u + 1013904223u;
  }
  for (long n = 0; n < launched; ++n) expected = expected * factor + summand + 1;
  for (int i = 0; i < kSize; ++i) {
    if (x[i] != expected) return 1;
  }
  puts("right");
  return 0;
}
