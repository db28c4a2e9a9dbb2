// What a read has brought is there as soon as anything that comes after it is known to have ended, on any queue.
#include "program.h"

enum { kMost = 4 << 20, kRounds = 20 };

static unsigned char *host, *zero;
static cl_mem source, small;
static int wrong;

static void fill(cl_command_queue on, int round, size_t size) {
  unsigned char value = (unsigned char)(round + 1);
  CHECK(clEnqueueFillBuffer(on, source, &value, 1, 0, size, 0, NULL, NULL));
  CHECK(clFinish(on));
  memset(host, 0, size);
}

static void look(int round, size_t size, const char* after) {
  unsigned char value = (unsigned char)(round + 1);
  if (host[0] == value && memcmp(host, host + 1, size - 1) == 0) return;
  if (wrong++ < 10) printf("%zu bytes are late after %s\n", size, after);
}

static void rounds(cl_command_queue first, cl_command_queue second, size_t size) {
  cl_command_queue_properties second_is;
  CHECK(clGetCommandQueueInfo(second, CL_QUEUE_PROPERTIES, sizeof second_is, &second_is, NULL));
  // Intel's driver lets a blocking write pass a barrier.
  int ways = second_is & CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE ? 4 : 5;
  for (int round = 0; round < kRounds; ++round) {
    unsigned char one = 1;
    cl_event read, next;
    fill(first, round, size);
    CHECK(clEnqueueReadBuffer(first, source, CL_FALSE, 0, size, host, 0, NULL, &read));
    CHECK(clFlush(first));
    switch (round % ways) {
      case 0:
        CHECK(clEnqueueFillBuffer(second, small, &one, 1, 0, 16, 1, &read, &next));
        CHECK(clWaitForEvents(1, &next));
        look(round, size, "an event");
        CHECK(clReleaseEvent(next));
        break;
      case 1:
        CHECK(clEnqueueFillBuffer(second, small, &one, 1, 0, 16, 1, &read, NULL));
        CHECK(clFinish(second));
        look(round, size, "clFinish");
        break;
      case 2:
        CHECK(clEnqueueReadBuffer(second, small, CL_TRUE, 0, 1, zero, 1, &read, NULL));
        look(round, size, "a small read");
        break;
      case 3:
        CHECK(clEnqueueReadBuffer(second, source, CL_TRUE, 0, kMost, zero, 1, &read, NULL));
        look(round, size, "a large read");
        break;
      default:
        CHECK(clEnqueueFillBuffer(second, small, &one, 1, 0, 16, 1, &read, NULL));
        CHECK(clEnqueueWriteBuffer(second, small, CL_TRUE, 0, 16, zero, 0, NULL, NULL));
        look(round, size, "a write");
    }
    CHECK(clReleaseEvent(read));
  }
}

int main(void) {
  open_device();
  host = malloc(kMost), zero = calloc(1, kMost);
  source = new_buffer(0, kMost, NULL), small = new_buffer(0, 16, NULL);
  cl_command_queue other = new_queue(0), free1 = new_queue(CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE);
  cl_command_queue free2 = new_queue(CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE);
  const size_t sizes[] = {64, 65536, 65544, 300000, kMost};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; ++i) {
    rounds(queue, other, sizes[i]);
    rounds(free1, free1, sizes[i]);
    rounds(free1, free2, sizes[i]);
    rounds(queue, free1, sizes[i]);
  }
  expect(wrong == 0, "all bytes are there in time");
  cl_command_queue queues[] = {queue, other, free1, free2};
  for (int i = 0; i < 4; ++i) {
    CHECK(clFinish(queues[i]));
    CHECK(clReleaseCommandQueue(queues[i]));
  }
  return 0;
}
