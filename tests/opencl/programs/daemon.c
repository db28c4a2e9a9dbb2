// A daemoniser forks, starts a session and closes every descriptor before it uses the device; its parent has listed devices already.
#include <fcntl.h>
#include <sys/wait.h>

#include "program.h"

int main(void) {
  CHECK(clGetPlatformIDs(1, &platform, NULL));
  CHECK(clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 1, &device, NULL));
  char before[200], after[200];
  CHECK(clGetDeviceInfo(device, CL_DEVICE_NAME, sizeof before, before, NULL));
  int pipe_ends[2];
  if (pipe(pipe_ends)) return 4;
  pid_t child = fork();
  if (!child) {
    setsid();
    if (fork()) _exit(0);
    for (int descriptor = 3; descriptor < 1024; ++descriptor)
      if (descriptor != pipe_ends[1]) close(descriptor);
    cl_int status;
    context = clCreateContext(NULL, 1, &device, NULL, NULL, &status);  // the ids of the parent stay valid
    CHECK(status);
    queue = new_queue(0);
    CHECK(clGetDeviceInfo(device, CL_DEVICE_NAME, sizeof after, after, NULL));
    uint32_t value = 20;
    cl_kernel kernel = build_kernel("kernel void inc(global uint* a) { a[0]++; }", "inc");
    cl_mem buffer = new_buffer(CL_MEM_COPY_HOST_PTR, 4, &value);
    const size_t one = 1;
    CHECK(clSetKernelArg(kernel, 0, sizeof buffer, &buffer));
    CHECK(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &one, NULL, 0, NULL, NULL));
    CHECK(clEnqueueReadBuffer(queue, buffer, CL_TRUE, 0, 4, &value, 0, NULL, NULL));
    if (strcmp(before, after)) value = 0;
    (void)!write(pipe_ends[1], &value, 4);
    exit(0);
  }
  waitpid(child, NULL, 0);
  close(pipe_ends[1]);
  uint32_t value = 0;
  expect(read(pipe_ends[0], &value, 4) == 4, "the daemon answered");
  printf("%u\n", value);
  return 0;
}
