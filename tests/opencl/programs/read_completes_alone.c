// A flushed read finishes while the program makes no further call: only its callback tells.
#include <stdatomic.h>

#include "program.h"

enum { kBytes = 16 << 20 };
static atomic_int done;

static void CL_CALLBACK finished(cl_event event, cl_int status, void* flag) {
  (void)event;
  atomic_store((atomic_int*)flag, status == CL_COMPLETE ? 1 : -1);
}

int main(void) {
  open_device();
  unsigned char *data = malloc(kBytes), *back = calloc(1, kBytes);
  for (size_t i = 0; i < kBytes; ++i) data[i] = (unsigned char)(i * 13 >> 3);
  cl_mem buffer = new_buffer(CL_MEM_COPY_HOST_PTR, kBytes, data);
  cl_event event;
  CHECK(clEnqueueReadBuffer(queue, buffer, CL_FALSE, 0, kBytes, back, 0, NULL, &event));
  CHECK(clSetEventCallback(event, CL_COMPLETE, finished, &done));
  CHECK(clFlush(queue));
  for (int i = 0; i < 2000 && !atomic_load(&done); ++i) usleep(10000);
  expect(atomic_load(&done) == 1, "callback came");
  expect(memcmp(data, back, kBytes) == 0, "data is right");
  CHECK(clWaitForEvents(1, &event));
  return 0;
}
