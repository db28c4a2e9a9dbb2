// A write that waits on a user event sends what the memory holds when the event is set, not when the write was enqueued.
#include "program.h"

enum { kSmall = 64, kLarge = 4 << 20 };

int main(void) {
  open_device();
  unsigned char* source = malloc(kLarge);
  unsigned char* back = malloc(kLarge);
  for (size_t size = kSmall; size <= kLarge; size *= 16) {
    cl_mem buffer = new_buffer(0, size, NULL);
    cl_event gate = user_event();
    memset(source, 1, size);
    CHECK(clEnqueueWriteBuffer(queue, buffer, CL_FALSE, 0, size, source, 1, &gate, NULL));
    CHECK(clFlush(queue));
    usleep(20000);
    memset(source, 2, size);
    CHECK(clSetUserEventStatus(gate, CL_COMPLETE));
    CHECK(clEnqueueReadBuffer(queue, buffer, CL_TRUE, 0, size, back, 0, NULL, NULL));
    printf("%zu bytes: %d … %d\n", size, back[0], back[size - 1]);
    clReleaseEvent(gate);
    clReleaseMemObject(buffer);
  }
  // The gate is two commands away, on another queue.
  cl_command_queue other = new_queue(0);
  cl_mem buffer = new_buffer(0, kLarge, NULL);
  cl_event gate = user_event(), behind;
  CHECK(clEnqueueMarkerWithWaitList(other, 1, &gate, &behind));
  CHECK(clEnqueueBarrierWithWaitList(queue, 1, &behind, NULL));
  memset(source, 3, kLarge);
  CHECK(clEnqueueWriteBuffer(queue, buffer, CL_FALSE, 0, kLarge, source, 0, NULL, NULL));
  CHECK(clFlush(other));
  CHECK(clFlush(queue));
  usleep(20000);
  memset(source, 4, kLarge);
  CHECK(clSetUserEventStatus(gate, CL_COMPLETE));
  CHECK(clEnqueueReadBuffer(queue, buffer, CL_TRUE, 0, kLarge, back, 0, NULL, NULL));
  printf("behind a barrier: %d … %d\n", back[0], back[kLarge - 1]);
  return 0;
}
