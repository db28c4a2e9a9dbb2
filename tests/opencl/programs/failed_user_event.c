// A user event that fails takes what waits for it along, by the specification's codes, and leaves other work alone.
#include <stdatomic.h>

#include "program.h"

static atomic_int seen = 1;

static void CL_CALLBACK note(cl_event event, cl_int status, void* data) {
  (void)event, (void)data;
  atomic_store(&seen, status < 0 ? -1 : status);
}

int main(void) {
  open_device();
  queue = new_queue(CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE);
  unsigned value = 0x11111111, back = 0, good = 0x22222222;
  cl_mem buffer = new_buffer(CL_MEM_COPY_HOST_PTR, 4, &value), other = new_buffer(0, 4, NULL);
  cl_event gate = user_event(), read, marker;
  CHECK(clEnqueueReadBuffer(queue, buffer, CL_FALSE, 0, 4, &back, 1, &gate, &read));
  CHECK(clEnqueueMarkerWithWaitList(queue, 1, &read, &marker));
  CHECK(clSetEventCallback(read, CL_COMPLETE, note, NULL));
  CHECK(clFlush(queue));
  CHECK(clSetUserEventStatus(gate, -5));
  printf("set again: %d\n", clSetUserEventStatus(gate, CL_COMPLETE));
  printf("wait for the gate: %d\n", clWaitForEvents(1, &gate));
  printf("wait for the read: %d\n", clWaitForEvents(1, &read));
  printf("wait for the marker: %d\n", clWaitForEvents(1, &marker));
  expect(status_of(gate) == -5, "the gate keeps its code");
  expect(status_of(read) < 0, "the read failed");
  expect(status_of(marker) < 0, "the marker failed");
  expect(back == 0, "nothing was read");
  for (int i = 0; i < 500 && atomic_load(&seen) == 1; ++i) usleep(10000);
  expect(atomic_load(&seen) < 0, "the callback got an error");
  CHECK(clEnqueueWriteBuffer(queue, other, CL_TRUE, 0, 4, &good, 0, NULL, NULL));
  CHECK(clEnqueueReadBuffer(queue, other, CL_TRUE, 0, 4, &back, 0, NULL, NULL));
  printf("other work: %x\n", back);
  printf("the queue: %d\n", clFinish(queue));
  return 0;
}
