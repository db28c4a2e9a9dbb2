// What kernels print is on the program's own standard output, in order with the program's lines, before clFinish returns.
#include "program.h"

int main(void) {
  open_device();
  setvbuf(stdout, NULL, _IOFBF, 1 << 16);
  cl_kernel kernel = build_kernel(
      "kernel void say(int n) { printf(\"kernel %d: %5.2f %x %s %v4hld %c%%\\n\", n, n * 1.5f, n * 255, \"text\", (int4)(n, 1, 2, 3), 'a' + n); }"
      "kernel void many(void) { if (get_global_id(0) % 100 == 7) printf(\"item %d\\n\", (int)get_global_id(0)); }",
      "say");
  const size_t one = 1;
  for (int i = 0; i < 5; ++i) {
    printf("before %d\n", i);
    fflush(stdout);
    CHECK(clSetKernelArg(kernel, 0, 4, &i));
    CHECK(clEnqueueTask(queue, kernel, 0, NULL, NULL));
    CHECK(clFinish(queue));
    printf("after %d\n", i);
    fflush(stdout);
  }
  cl_event event;
  int n = 9;
  CHECK(clSetKernelArg(kernel, 0, 4, &n));
  CHECK(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &one, NULL, 0, NULL, &event));
  CHECK(clWaitForEvents(1, &event));
  printf("after the event\n");
  fflush(stdout);
  CHECK(clSetKernelArg(kernel, 0, 4, &n));
  cl_mem buffer = new_buffer(0, 4, NULL);
  CHECK(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &one, NULL, 0, NULL, NULL));
  CHECK(clEnqueueReadBuffer(queue, buffer, CL_TRUE, 0, 4, &n, 0, NULL, NULL));
  printf("after the read\n");
  return 0;
}
