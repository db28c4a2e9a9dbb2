// Says “began”, is busy in the way that it is told, and says what came of it: the same whatever happens to the
// supervisor of its worker meanwhile.
#include <pthread.h>

#include "../programs/program.h"

enum { kCount = 8 << 20, kRounds = 40 };

static void began(void) { printf("began\n"); }

static void transfer(void) {
  uint32_t* words = malloc(kCount * 4);
  cl_mem buffer = new_buffer(0, kCount * 4, NULL);
  uint32_t sum = 0;
  for (uint32_t round = 0; round < kRounds; ++round) {
    for (uint32_t i = 0; i < kCount; ++i) words[i] = i * round;
    CHECK(clEnqueueWriteBuffer(queue, buffer, CL_TRUE, 0, kCount * 4, words, 0, NULL, NULL));
    memset(words, 0, kCount * 4);
    CHECK(clEnqueueReadBuffer(queue, buffer, CL_TRUE, 0, kCount * 4, words, 0, NULL, NULL));
    sum = sum * 31 + sum_of(words, kCount);
    if (round == 0) began();
  }
  printf("%u\n", sum);
}

static void compute(void) {
  cl_kernel spin = build_kernel(
      "kernel void spin(global uint* out, uint rounds) { uint x = get_global_id(0);"
      " for (uint i = 0; i < rounds; ++i) x = x * 1664525u + 1013904223u + out[0] % 2; out[1 + get_global_id(0)] = x; }",
      "spin");
  uint32_t back[65] = {0};
  cl_mem out = new_buffer(CL_MEM_COPY_HOST_PTR, sizeof back, back);
  cl_uint rounds = 15000000;
  CHECK(clSetKernelArg(spin, 0, sizeof out, &out));
  CHECK(clSetKernelArg(spin, 1, sizeof rounds, &rounds));
  const size_t global = 64;
  CHECK(clEnqueueNDRangeKernel(queue, spin, 1, NULL, &global, NULL, 0, NULL, NULL));
  CHECK(clFlush(queue));
  began();
  CHECK(clEnqueueReadBuffer(queue, out, CL_TRUE, 0, sizeof back, back, 0, NULL, NULL));
  printf("%u\n", sum_of(back, 65));
}

static void* set_later(void* event) {
  sleep(4);
  CHECK(clSetUserEventStatus(event, CL_COMPLETE));
  return NULL;
}

static void wait(void) {
  cl_event event = user_event();
  uint32_t pattern = 5, back = 0;
  cl_mem buffer = new_buffer(0, 4, NULL);
  CHECK(clEnqueueFillBuffer(queue, buffer, &pattern, 4, 0, 4, 1, &event, NULL));
  pthread_t thread;
  pthread_create(&thread, NULL, set_later, event);
  began();
  CHECK(clEnqueueReadBuffer(queue, buffer, CL_TRUE, 0, 4, &back, 0, NULL, NULL));
  pthread_join(thread, NULL);
  printf("%u\n", back);
}

// Needs memory that it was not granted yet, once it has got a byte.
static void grow(void) {
  char byte;
  began();
  if (read(0, &byte, 1) != 1) return;
  printf("asks\n");
  cl_int status;
  cl_mem buffer = clCreateBuffer(context, 0, 512 << 20, NULL, &status);
  printf("%d\n", status);
  if (buffer && read(0, &byte, 1) == 1) CHECK(clReleaseMemObject(buffer));
}

int main(int argc, char** argv) {
  (void)argc;
  open_device();
  if (!strcmp(argv[1], "transfer")) transfer();
  if (!strcmp(argv[1], "compute")) compute();
  if (!strcmp(argv[1], "wait")) wait();
  if (!strcmp(argv[1], "grow")) grow();
  return 0;
}
