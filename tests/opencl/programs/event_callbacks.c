// Event callbacks call the API: they ask, set user events and enqueue, while the program waits for something else.
#include <stdatomic.h>

#include "program.h"

static atomic_int calls;
static cl_event second_gate;
static cl_mem buffer;
static const uint32_t kValue = 4242;

static void CL_CALLBACK opens(cl_event event, cl_int status, void* unused) {
  (void)unused;
  cl_command_type type;
  CHECK(clGetEventInfo(event, CL_EVENT_COMMAND_TYPE, sizeof type, &type, NULL));
  printf("first callback: status %d, type %x, event %d\n", status, type, status_of(event));
  CHECK(clEnqueueWriteBuffer(queue, buffer, CL_FALSE, 0, 4, &kValue, 0, NULL, NULL));
  CHECK(clFlush(queue));
  CHECK(clSetUserEventStatus(second_gate, CL_COMPLETE));
  atomic_fetch_add(&calls, 1);
}

static void CL_CALLBACK counts(cl_event event, cl_int status, void* wanted) {
  (void)event;
  if (status > (cl_int)(intptr_t)wanted) printf("status %d, wanted %d\n", status, (cl_int)(intptr_t)wanted);
  atomic_fetch_add(&calls, 1);
}

int main(void) {
  open_device();
  cl_command_queue other = new_queue(0);
  uint32_t value = 1, back = 0;
  buffer = new_buffer(0, 4, NULL);
  cl_mem mine = new_buffer(0, 4, NULL);
  cl_event gate = user_event(), first, last;
  second_gate = user_event();
  CHECK(clEnqueueWriteBuffer(other, mine, CL_FALSE, 0, 4, &value, 1, &gate, &first));
  CHECK(clSetEventCallback(first, CL_COMPLETE, opens, NULL));
  CHECK(clEnqueueReadBuffer(other, buffer, CL_FALSE, 0, 4, &back, 1, &second_gate, &last));
  CHECK(clFlush(other));
  CHECK(clSetUserEventStatus(gate, CL_COMPLETE));
  CHECK(clWaitForEvents(1, &last));
  CHECK(clFinish(queue));
  CHECK(clEnqueueReadBuffer(other, buffer, CL_TRUE, 0, 4, &back, 0, NULL, NULL));
  printf("read: %u\n", back);

  // One callback for each status, several on one event, one on an event that is long done, one on a user event.
  cl_event event, user = user_event();
  const cl_int kinds[3] = {CL_SUBMITTED, CL_RUNNING, CL_COMPLETE};
  CHECK(clEnqueueWriteBuffer(queue, buffer, CL_FALSE, 0, 4, &value, 0, NULL, &event));
  for (int i = 0; i < 3; ++i) CHECK(clSetEventCallback(event, kinds[i], counts, (void*)(intptr_t)kinds[i]));
  CHECK(clSetEventCallback(event, CL_COMPLETE, counts, (void*)(intptr_t)CL_COMPLETE));
  CHECK(clSetEventCallback(last, CL_COMPLETE, counts, (void*)(intptr_t)CL_COMPLETE));
  CHECK(clSetEventCallback(user, CL_COMPLETE, counts, (void*)(intptr_t)CL_COMPLETE));
  CHECK(clFinish(queue));
  CHECK(clSetUserEventStatus(user, CL_COMPLETE));
  for (int i = 0; i < 500 && atomic_load(&calls) < 7; ++i) usleep(10000);
  printf("calls: %d\n", atomic_load(&calls));
  printf("not a status: %d\n", clSetEventCallback(event, 17, counts, NULL));
  printf("no function: %d\n", clSetEventCallback(event, CL_COMPLETE, NULL, NULL));
  return 0;
}
