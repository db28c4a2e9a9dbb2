// The order commands of OpenCL 1.1, and their codes.
#include "wrong_handles.h"

int main(void) {
  make_objects();
  cl_context other = another_context();
  cl_event foreign = event_of(other), marker;
  release_objects();
  WRONG(kQueue, CL_INVALID_COMMAND_QUEUE, clEnqueueMarker(wrong, &marker));
  WRONG(kQueue, CL_INVALID_COMMAND_QUEUE, clEnqueueBarrier(wrong));
  WRONG(kQueue, CL_INVALID_COMMAND_QUEUE, clEnqueueWaitForEvents(wrong, 1, &event));
  WRONG(kEvent, CL_INVALID_EVENT, clEnqueueWaitForEvents(queue, 1, &wrong));
  GIVES(CL_INVALID_VALUE, clEnqueueMarker(queue, NULL));
  GIVES(CL_INVALID_VALUE, clEnqueueWaitForEvents(queue, 0, NULL));
  GIVES(CL_INVALID_VALUE, clEnqueueWaitForEvents(queue, 1, NULL));
  GIVES(CL_INVALID_VALUE, clEnqueueWaitForEvents(queue, 0, &event));
  GIVES(CL_INVALID_CONTEXT, clEnqueueWaitForEvents(queue, 1, &foreign));
  GIVES(CL_SUCCESS, clEnqueueWaitForEvents(queue, 1, &event));
  GIVES(CL_SUCCESS, clEnqueueMarker(queue, &marker));
  CHECK(clFlush(queue));
  usleep(20000);
  expect(status_of(marker) > CL_COMPLETE, "what comes after waits for the event");
  GIVES(CL_SUCCESS, clSetUserEventStatus(event, CL_COMPLETE));
  GIVES(CL_SUCCESS, clWaitForEvents(1, &marker));
  GIVES(CL_SUCCESS, clUnloadCompiler());
  return end_of_wrong_handles();
}
