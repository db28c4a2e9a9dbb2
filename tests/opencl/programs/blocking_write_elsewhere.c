// What a blocking write has written is there for commands on every other queue, in and out of order.
#include "program.h"

enum { kRounds = 200, kLarge = 1 << 20 };

int main(void) {
  open_device();
  cl_command_queue other = new_queue(0), loose = new_queue(CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE);
  cl_kernel kernel = build_kernel("kernel void copy(global const uint* in, global uint* out) { out[0] = in[0]; }", "copy");
  uint32_t* data = calloc(1, kLarge);
  cl_mem in = new_buffer(0, kLarge, NULL), out = new_buffer(0, 4, NULL);
  CHECK(clSetKernelArg(kernel, 0, sizeof in, &in));
  CHECK(clSetKernelArg(kernel, 1, sizeof out, &out));
  const size_t one = 1, sizes[] = {4, 100000, kLarge};
  for (int s = 0; s < 3; ++s) {
    uint32_t wrong = 0, result = 0;
    for (uint32_t i = 1; i <= kRounds; ++i) {
      data[0] = i;
      cl_command_queue writer = i % 2 ? queue : loose, reader = i % 3 ? other : loose;
      CHECK(clEnqueueWriteBuffer(writer, in, CL_TRUE, 0, sizes[s], data, 0, NULL, NULL));
      CHECK(clEnqueueNDRangeKernel(reader, kernel, 1, NULL, &one, NULL, 0, NULL, NULL));
      CHECK(clFinish(reader));
      CHECK(clEnqueueReadBuffer(queue, out, CL_TRUE, 0, 4, &result, 0, NULL, NULL));
      wrong += result != i;
    }
    printf("%zu bytes: %u wrong\n", sizes[s], wrong);
  }
  return 0;
}
