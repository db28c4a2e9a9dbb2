// 100,000 non-blocking reads and one clFinish: nobody may stop reading the return path.
#include "program.h"

enum { kReads = 100000, kWords = 64 };

int main(void) {
  open_device();
  uint32_t *data = malloc(kWords * 4 * 16), *back = calloc((size_t)kReads * kWords, 4);
  for (uint32_t i = 0; i < kWords * 16; ++i) data[i] = i * 7 + 1;
  cl_mem buffer = new_buffer(CL_MEM_COPY_HOST_PTR, kWords * 4 * 16, data);
  for (uint32_t i = 0; i < kReads; ++i)
    CHECK(clEnqueueReadBuffer(queue, buffer, CL_FALSE, (i % 16) * kWords * 4, kWords * 4, back + (size_t)i * kWords, 0, NULL, NULL));
  CHECK(clFinish(queue));
  size_t wrong = 0;
  for (uint32_t i = 0; i < kReads; ++i) wrong += memcmp(back + (size_t)i * kWords, data + (i % 16) * kWords, kWords * 4) != 0;
  printf("%zu of %d reads wrong\n", wrong, kReads);
  return 0;
}
