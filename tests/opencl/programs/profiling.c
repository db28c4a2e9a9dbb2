// Profiling times of every command are in order, and those of one in-order queue do not run backwards.
#include "program.h"

static cl_ulong before;

static void times(const char* label, cl_event event, cl_ulong least) {
  static const cl_profiling_info names[] = {CL_PROFILING_COMMAND_QUEUED, CL_PROFILING_COMMAND_SUBMIT, CL_PROFILING_COMMAND_START, CL_PROFILING_COMMAND_END};
  cl_ulong t[4];
  CHECK(clWaitForEvents(1, &event));
  for (int i = 0; i < 4; ++i) CHECK(clGetEventProfilingInfo(event, names[i], sizeof t[i], &t[i], NULL));
  printf("%s: %s, %s, %s\n", label, t[0] <= t[1] && t[1] <= t[2] && t[2] <= t[3] ? "in order" : "out of order", t[2] >= before ? "after the last" : "too early",
         t[3] - t[0] >= 60000000000ull ? "too long" : t[3] - t[2] >= least ? "plausible" : "too short");
  before = t[2];
}

int main(void) {
  open_device();
  cl_command_queue plain = queue;
  queue = new_queue(CL_QUEUE_PROFILING_ENABLE);
  enum { kBytes = 32 << 20 };
  char* data = calloc(1, kBytes);
  cl_mem buffer = new_buffer(0, kBytes, NULL);
  cl_kernel kernel = build_kernel("kernel void inc(global uint* a) { a[get_global_id(0)]++; }", "inc");
  CHECK(clSetKernelArg(kernel, 0, sizeof buffer, &buffer));
  const size_t global = 65536;
  cl_event events[5];
  CHECK(clEnqueueWriteBuffer(queue, buffer, CL_FALSE, 0, kBytes, data, 0, NULL, &events[0]));
  CHECK(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &global, NULL, 0, NULL, &events[1]));
  CHECK(clEnqueueReadBuffer(queue, buffer, CL_FALSE, 0, kBytes, data, 0, NULL, &events[2]));
  CHECK(clEnqueueFillBuffer(queue, buffer, data, 4, 0, 4096, 0, NULL, &events[3]));
  CHECK(clEnqueueWriteBuffer(queue, buffer, CL_FALSE, 0, 16, data, 0, NULL, &events[4]));
  const char* labels[] = {"write", "kernel", "read", "fill", "small write"};
  // Nothing moves 32 MiB at 320 GB/s here.
  for (int i = 0; i < 5; ++i) times(labels[i], events[i], i == 0 || i == 2 ? 100000 : 0);
  for (int i = 0; i < 20; ++i) {  // the bytes are here before the driver has ended the read
    cl_event read;
    cl_ulong end;
    CHECK(clEnqueueReadBuffer(queue, buffer, CL_TRUE, 0, 1 << 20, data, 0, NULL, &read));
    CHECK(clGetEventProfilingInfo(read, CL_PROFILING_COMMAND_END, sizeof end, &end, NULL));
    CHECK(clReleaseEvent(read));
  }
  cl_event event, user = user_event();
  cl_ulong t;
  CHECK(clEnqueueNDRangeKernel(plain, kernel, 1, NULL, &global, NULL, 0, NULL, &event));
  CHECK(clFinish(plain));
  printf("without profiling: %d\n", clGetEventProfilingInfo(event, CL_PROFILING_COMMAND_END, sizeof t, &t, NULL));
  printf("user event: %d\n", clGetEventProfilingInfo(user, CL_PROFILING_COMMAND_END, sizeof t, &t, NULL));
  CHECK(clEnqueueReadBuffer(queue, buffer, CL_FALSE, 0, 16, data, 1, &user, &event));
  printf("not finished: %d\n", clGetEventProfilingInfo(event, CL_PROFILING_COMMAND_END, sizeof t, &t, NULL));
  cl_ulong queued, now = UINT64_MAX, host;  // which it stays where the device has no clock to compare
  clGetDeviceAndHostTimer(device, &now, &host);
  CHECK(clSetUserEventStatus(user, CL_COMPLETE));
  CHECK(clFinish(queue));
  CHECK(clGetEventProfilingInfo(event, CL_PROFILING_COMMAND_QUEUED, sizeof queued, &queued, NULL));
  expect(queued <= now, "queued before the user event was set");
  return 0;
}
