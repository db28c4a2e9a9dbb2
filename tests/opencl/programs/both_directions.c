// Large reads and writes in flight at once, from two threads and without a wait between them: neither direction holds up the other.
#include <pthread.h>

#include "program.h"

enum { kBytes = 8 << 20, kRounds = 8 };

static void* stream(void* argument) {
  const unsigned char seed = (unsigned char)(uintptr_t)argument;
  cl_command_queue own = new_queue(0);
  unsigned char *out[kRounds], *in[kRounds];
  cl_mem buffers[kRounds];
  for (int i = 0; i < kRounds; ++i) {
    out[i] = malloc(kBytes);
    in[i] = calloc(1, kBytes);
    memset(out[i], seed + i, kBytes);
    buffers[i] = new_buffer(0, kBytes, NULL);
  }
  for (int i = 0; i < kRounds; ++i) {
    CHECK(clEnqueueWriteBuffer(own, buffers[i], CL_FALSE, 0, kBytes, out[i], 0, NULL, NULL));
    CHECK(clEnqueueReadBuffer(own, buffers[i], CL_FALSE, 0, kBytes, in[i], 0, NULL, NULL));
  }
  CHECK(clFinish(own));
  uintptr_t wrong = 0;
  for (int i = 0; i < kRounds; ++i) wrong += memcmp(out[i], in[i], kBytes) != 0;
  return (void*)wrong;
}

int main(void) {
  open_device();
  pthread_t threads[2];
  for (uintptr_t i = 0; i < 2; ++i) pthread_create(&threads[i], NULL, stream, (void*)(i * 100 + 1));
  for (int i = 0; i < 2; ++i) {
    void* wrong;
    pthread_join(threads[i], &wrong);
    printf("thread %d: %d of %d wrong\n", i, (int)(uintptr_t)wrong, kRounds);
  }
  return 0;
}
