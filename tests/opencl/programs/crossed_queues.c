// A huge write that waits for another queue must not keep that queue's own traffic from getting through.
#include "program.h"

enum { kHuge = 256 << 20, kSmall = 1 << 20 };

int main(void) {
  open_device();
  cl_command_queue other = new_queue(0), third = new_queue(0);
  unsigned char *huge = malloc(kHuge), *small = malloc(kSmall), *back = malloc(kHuge);
  memset(huge, 7, kHuge);
  cl_mem large = new_buffer(0, kHuge, NULL), little = new_buffer(0, kSmall, NULL), sink = new_buffer(0, kHuge, NULL);
  cl_event gate = user_event(), last;
  CHECK(clEnqueueMarkerWithWaitList(other, 1, &gate, &last));
  CHECK(clEnqueueWriteBuffer(queue, large, CL_FALSE, 0, kHuge, huge, 1, &last, NULL));
  CHECK(clFlush(queue));
  CHECK(clEnqueueWriteBuffer(queue, sink, CL_FALSE, 0, kHuge, huge, 0, NULL, NULL));
  CHECK(clFlush(queue));
  for (int i = 0; i < 50; ++i) {  // nothing here depends on the gate
    memset(small, i, kSmall);
    CHECK(clEnqueueWriteBuffer(third, little, CL_TRUE, 0, kSmall, small, 0, NULL, NULL));
    CHECK(clEnqueueReadBuffer(third, little, CL_TRUE, 0, kSmall, back, 0, NULL, NULL));
    if (memcmp(small, back, kSmall)) printf("round %d is wrong\n", i);
  }
  expect(status_of(last) > CL_COMPLETE, "the gate still holds");
  CHECK(clSetUserEventStatus(gate, CL_COMPLETE));
  memset(small, 99, kSmall);
  CHECK(clEnqueueWriteBuffer(other, little, CL_TRUE, 0, kSmall, small, 0, NULL, NULL));
  CHECK(clEnqueueReadBuffer(queue, large, CL_TRUE, 0, kHuge, back, 0, NULL, NULL));
  expect(memcmp(huge, back, kHuge) == 0, "the huge write is right");
  CHECK(clEnqueueReadBuffer(other, little, CL_TRUE, 0, kSmall, back, 0, NULL, NULL));
  expect(memcmp(small, back, kSmall) == 0, "the small write is right");
  return 0;
}
