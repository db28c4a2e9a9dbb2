// 16 threads, each with its own queue, kernel and buffers, and one context between them.
#include <pthread.h>

#include "program.h"

enum { kThreads = 16, kRounds = 200, kWords = 1000 };
static cl_program program;

static void* work(void* argument) {
  const uint32_t seed = (uint32_t)(uintptr_t)argument;
  cl_command_queue own = new_queue(seed % 2 ? CL_QUEUE_PROFILING_ENABLE : 0);
  cl_kernel kernel = kernel_of(program, "k");
  uint32_t data[kWords], wrong = 0;
  for (uint32_t round = 0; round < kRounds; ++round) {
    for (uint32_t i = 0; i < kWords; ++i) data[i] = i;
    cl_mem buffer = new_buffer(CL_MEM_COPY_HOST_PTR, sizeof data, data);
    const uint32_t factor = seed + round;
    const size_t global = kWords;
    cl_event event;
    CHECK(clSetKernelArg(kernel, 0, sizeof buffer, &buffer));
    CHECK(clSetKernelArg(kernel, 1, 4, &factor));
    CHECK(clEnqueueNDRangeKernel(own, kernel, 1, NULL, &global, NULL, 0, NULL, &event));
    CHECK(clEnqueueReadBuffer(own, buffer, round % 3 == 0, 0, sizeof data, data, 1, &event, NULL));
    if (round % 3) CHECK(clFinish(own));
    for (uint32_t i = 0; i < kWords; ++i) wrong += data[i] != i * factor + seed % 1;
    CHECK(clReleaseEvent(event));
    CHECK(clReleaseMemObject(buffer));
  }
  CHECK(clReleaseKernel(kernel));
  CHECK(clReleaseCommandQueue(own));
  return (void*)(uintptr_t)wrong;
}

int main(void) {
  open_device();
  program = build("kernel void k(global uint* a, uint f) { a[get_global_id(0)] *= f; }", "");
  pthread_t threads[kThreads];
  for (uintptr_t i = 0; i < kThreads; ++i) pthread_create(&threads[i], NULL, work, (void*)(i + 1));
  uintptr_t wrong = 0;
  for (int i = 0; i < kThreads; ++i) {
    void* result;
    pthread_join(threads[i], &result);
    wrong += (uintptr_t)result;
  }
  printf("%lu wrong\n", (unsigned long)wrong);
  return 0;
}
