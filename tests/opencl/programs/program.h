// What every program here shares: a device, a context, a queue, and plain ends when a call fails.
#pragma once
#define CL_TARGET_OPENCL_VERSION 300
#define CL_USE_DEPRECATED_OPENCL_1_0_APIS
#define CL_USE_DEPRECATED_OPENCL_1_1_APIS
#define CL_USE_DEPRECATED_OPENCL_1_2_APIS
#define CL_USE_DEPRECATED_OPENCL_2_2_APIS
#include <CL/cl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static cl_platform_id platform;
static cl_device_id device;
static cl_context context;
static cl_command_queue queue;

#define CHECK(call) check((call), #call, __LINE__)

__attribute__((unused)) static void check(cl_int status, const char* call, int line) {
  if (status == CL_SUCCESS) return;
  printf("line %d: %s gave %d\n", line, call, status);
  fflush(stdout);
  _exit(1);
}

__attribute__((unused)) static void expect(int condition, const char* what) {
  printf("%s: %s\n", what, condition ? "yes" : "no");
}

__attribute__((unused)) static cl_command_queue new_queue(cl_command_queue_properties properties) {
  cl_int status;
  const cl_queue_properties list[] = {CL_QUEUE_PROPERTIES, properties, 0};
  cl_command_queue made = clCreateCommandQueueWithProperties(context, device, list, &status);
  CHECK(status);
  return made;
}

__attribute__((unused)) static void open_device(void) {
  cl_int status;
  setvbuf(stdout, NULL, _IOLBF, 0);
  CHECK(clGetPlatformIDs(1, &platform, NULL));
  CHECK(clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 1, &device, NULL));
  context = clCreateContext(NULL, 1, &device, NULL, NULL, &status);
  CHECK(status);
  queue = new_queue(0);
}

__attribute__((unused)) static cl_mem new_buffer(cl_mem_flags flags, size_t size, void* host) {
  cl_int status;
  cl_mem made = clCreateBuffer(context, flags, size, host, &status);
  CHECK(status);
  return made;
}

__attribute__((unused)) static cl_program build(const char* source, const char* options) {
  cl_int status;
  cl_program program = clCreateProgramWithSource(context, 1, &source, NULL, &status);
  CHECK(status);
  status = clBuildProgram(program, 1, &device, options, NULL, NULL);
  if (status != CL_SUCCESS) {
    static char log[65536];
    clGetProgramBuildInfo(program, device, CL_PROGRAM_BUILD_LOG, sizeof log, log, NULL);
    printf("%s\n", log);
    CHECK(status);
  }
  return program;
}

__attribute__((unused)) static cl_kernel kernel_of(cl_program program, const char* name) {
  cl_int status;
  cl_kernel kernel = clCreateKernel(program, name, &status);
  CHECK(status);
  return kernel;
}

__attribute__((unused)) static cl_kernel build_kernel(const char* source, const char* name) {
  return kernel_of(build(source, ""), name);
}

__attribute__((unused)) static cl_event user_event(void) {
  cl_int status;
  cl_event event = clCreateUserEvent(context, &status);
  CHECK(status);
  return event;
}

__attribute__((unused)) static cl_int status_of(cl_event event) {
  cl_int status;
  CHECK(clGetEventInfo(event, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof status, &status, NULL));
  return status;
}

__attribute__((unused)) static uint32_t sum_of(const uint32_t* values, size_t count) {
  uint32_t sum = 0;
  for (size_t i = 0; i < count; ++i) sum = sum * 31 + values[i];
  return sum;
}
