// A read that was called for first, but comes later by the program's own will, keeps no write of the same memory waiting.
#include "program.h"

enum { kSize = 1 << 20 };

static void CL_CALLBACK let_go(cl_event event, cl_int status, void* gate) {
  (void)event;
  (void)status;
  CHECK(clSetUserEventStatus(gate, CL_COMPLETE));
}

int main(void) {
  open_device();
  cl_command_queue other = new_queue(0);
  unsigned char *shared = malloc(kSize), *back = malloc(kSize);
  memset(shared, 1, kSize);
  memset(back, 2, kSize);
  cl_mem from = new_buffer(CL_MEM_COPY_HOST_PTR, kSize, back), to = new_buffer(0, kSize, NULL);
  cl_event gate = user_event(), written;
  CHECK(clEnqueueReadBuffer(queue, from, CL_FALSE, 0, kSize, shared, 1, &gate, NULL));
  CHECK(clEnqueueWriteBuffer(other, to, CL_FALSE, 0, kSize, shared, 0, NULL, &written));
  CHECK(clSetEventCallback(written, CL_COMPLETE, let_go, gate));
  CHECK(clFlush(other));
  CHECK(clFinish(queue));
  CHECK(clEnqueueReadBuffer(other, to, CL_TRUE, 0, kSize, back, 0, NULL, NULL));
  expect(back[0] == 1 && back[kSize - 1] == 1, "the write had the bytes of before");
  expect(shared[0] == 2 && shared[kSize - 1] == 2, "the read came then");
  return 0;
}
