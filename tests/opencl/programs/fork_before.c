// Processes forked before the first call each use the device on their own, at the same time.
#include <sys/wait.h>

#include "program.h"

int main(void) {
  enum { kChildren = 4 };
  pid_t children[kChildren];
  for (int i = 0; i < kChildren; ++i) {
    if ((children[i] = fork())) continue;
    open_device();
    uint32_t value = (uint32_t)i;
    cl_kernel kernel = build_kernel("kernel void k(global uint* a) { a[0] = a[0] * 2 + 1; }", "k");
    cl_mem buffer = new_buffer(CL_MEM_COPY_HOST_PTR, 4, &value);
    const size_t one = 1;
    CHECK(clSetKernelArg(kernel, 0, sizeof buffer, &buffer));
    for (int k = 0; k < 3; ++k) CHECK(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &one, NULL, 0, NULL, NULL));
    CHECK(clEnqueueReadBuffer(queue, buffer, CL_TRUE, 0, 4, &value, 0, NULL, NULL));
    exit((int)value);
  }
  for (int i = 0; i < kChildren; ++i) {
    int status;
    waitpid(children[i], &status, 0);
    printf("child %d: %d\n", i, WIFEXITED(status) ? WEXITSTATUS(status) : -1);
  }
  return 0;
}
