// A timer's signals every 2 ms interrupt neither waits nor transfers.
#include <signal.h>
#include <sys/time.h>

#include "program.h"

static volatile sig_atomic_t ticks;

static void tick(int number) {
  (void)number;
  ++ticks;
}

int main(void) {
  enum { kBytes = 16 << 20 };
  const struct sigaction action = {.sa_handler = tick};  // no SA_RESTART
  sigaction(SIGALRM, &action, NULL);
  open_device();
  const struct itimerval every = {{0, 2000}, {0, 2000}};
  setitimer(ITIMER_REAL, &every, NULL);
  char *data = malloc(kBytes), *back = calloc(1, kBytes);
  memset(data, 77, kBytes);
  cl_kernel kernel = build_kernel("kernel void slow(global float* a) { float x = a[0]; for (int i = 0; i < 20000; ++i) x = sin(x) + 1; a[1] = x; }", "slow");
  cl_mem buffer = new_buffer(0, kBytes, NULL);
  CHECK(clSetKernelArg(kernel, 0, sizeof buffer, &buffer));
  const size_t global = 1;
  int wrong = 0;
  for (int i = 0; i < 20; ++i) {
    CHECK(clEnqueueWriteBuffer(queue, buffer, CL_TRUE, 0, kBytes, data, 0, NULL, NULL));
    CHECK(clEnqueueReadBuffer(queue, buffer, CL_TRUE, 0, kBytes, back, 0, NULL, NULL));
    wrong += memcmp(data, back, kBytes) != 0;
    CHECK(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &global, NULL, 0, NULL, NULL));
    CHECK(clFinish(queue));
  }
  printf("%d wrong\n", wrong);
  expect(ticks > 10, "there were signals");
  return 0;
}
