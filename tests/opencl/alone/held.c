// Says “began”, and then uses its device until its input ends.
#include <poll.h>

#include "../programs/program.h"

int main(void) {
  uint32_t back;
  struct pollfd input = {0, POLLIN, 0};
  open_device();
  cl_mem buffer = new_buffer(0, 1 << 20, NULL);
  CHECK(clEnqueueReadBuffer(queue, buffer, CL_TRUE, 0, sizeof back, &back, 0, NULL, NULL));
  printf("began\n");
  while (poll(&input, 1, 50) == 0) {
    CHECK(clEnqueueWriteBuffer(queue, buffer, CL_FALSE, 0, sizeof back, &back, 0, NULL, NULL));
    CHECK(clEnqueueReadBuffer(queue, buffer, CL_TRUE, 0, sizeof back, &back, 0, NULL, NULL));
  }
  return 0;
}
