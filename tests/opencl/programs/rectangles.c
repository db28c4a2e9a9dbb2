// Rectangular reads, writes and copies with pitches and origins on both sides touch only their own bytes.
#include "program.h"

enum { kBytes = 1 << 16 };

int main(void) {
  open_device();
  static unsigned char data[kBytes], back[kBytes];
  for (size_t i = 0; i < kBytes; ++i) data[i] = (unsigned char)(i * 11 >> 3);
  cl_mem a = new_buffer(CL_MEM_COPY_HOST_PTR, kBytes, data), b = new_buffer(0, kBytes, NULL);
  const cl_uint zero = 0;
  CHECK(clEnqueueFillBuffer(queue, b, &zero, 4, 0, kBytes, 0, NULL, NULL));
  memset(back, 0xcd, kBytes);
  const size_t at[3] = {12, 3, 1}, to[3] = {40, 2, 3}, region[3] = {52, 7, 4};
  CHECK(clEnqueueReadBufferRect(queue, a, CL_FALSE, at, to, region, 128, 128 * 16, 100, 100 * 12, back, 0, NULL, NULL));
  CHECK(clFinish(queue));
  printf("read: %08x\n", sum_of((uint32_t*)back, kBytes / 4));
  CHECK(clEnqueueWriteBufferRect(queue, b, CL_TRUE, to, at, region, 128, 128 * 16, 64, 64 * 20, data, 0, NULL, NULL));
  CHECK(clEnqueueReadBuffer(queue, b, CL_TRUE, 0, kBytes, back, 0, NULL, NULL));
  printf("write: %08x\n", sum_of((uint32_t*)back, kBytes / 4));
  CHECK(clEnqueueCopyBufferRect(queue, a, b, at, to, region, 256, 256 * 10, 80, 80 * 9, 0, NULL, NULL));
  CHECK(clEnqueueReadBuffer(queue, b, CL_TRUE, 0, kBytes, back, 0, NULL, NULL));
  printf("copy: %08x\n", sum_of((uint32_t*)back, kBytes / 4));
  const size_t origin[3] = {0, 0, 0}, large[3] = {256, 256, 1};
  CHECK(clEnqueueReadBufferRect(queue, b, CL_TRUE, origin, origin, large, 0, 0, 0, 0, back, 0, NULL, NULL));
  printf("all: %08x\n", sum_of((uint32_t*)back, kBytes / 4));
  printf("empty: %d\n", clEnqueueReadBufferRect(queue, b, CL_TRUE, origin, origin, (size_t[3]){0, 1, 1}, 0, 0, 0, 0, back, 0, NULL, NULL));
  printf("copy onto itself: %d\n", clEnqueueCopyBuffer(queue, b, b, 0, 10, 100, 0, NULL, NULL));
  return 0;
}
