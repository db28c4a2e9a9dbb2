// Fill patterns of every legal size, at offsets, and the codes for those that are not legal.
#include "program.h"

int main(void) {
  open_device();
  static unsigned char back[4096], pattern[128];
  for (int i = 0; i < 128; ++i) pattern[i] = (unsigned char)(i + 1);
  cl_mem buffer = new_buffer(0, sizeof back, NULL);
  for (size_t size = 1; size <= 128; size *= 2) {
    CHECK(clEnqueueFillBuffer(queue, buffer, "\0", 1, 0, sizeof back, 0, NULL, NULL));
    CHECK(clEnqueueFillBuffer(queue, buffer, pattern, size, size * 2, size * 5, 0, NULL, NULL));
    CHECK(clEnqueueReadBuffer(queue, buffer, CL_TRUE, 0, sizeof back, back, 0, NULL, NULL));
    printf("%zu: %08x\n", size, sum_of((uint32_t*)back, sizeof back / 4));
  }
  printf("of 3 bytes: %d\n", clEnqueueFillBuffer(queue, buffer, pattern, 3, 0, 6, 0, NULL, NULL));
  printf("of 256 bytes: %d\n", clEnqueueFillBuffer(queue, buffer, pattern, 256, 0, 512, 0, NULL, NULL));
  printf("offset not a multiple: %d\n", clEnqueueFillBuffer(queue, buffer, pattern, 8, 4, 8, 0, NULL, NULL));
  printf("size not a multiple: %d\n", clEnqueueFillBuffer(queue, buffer, pattern, 8, 8, 12, 0, NULL, NULL));
  printf("past the end: %d\n", clEnqueueFillBuffer(queue, buffer, pattern, 8, 4096, 8, 0, NULL, NULL));
  printf("no pattern: %d\n", clEnqueueFillBuffer(queue, buffer, NULL, 8, 0, 8, 0, NULL, NULL));
  return 0;
}
