// SVM copies and fills between shared memory and the program's own, also into memory that the next write reads from.
#include "program.h"

enum { kBytes = 1 << 20 };

int main(void) {
  open_device();
  unsigned char *a = clSVMAlloc(context, CL_MEM_READ_WRITE, kBytes, 0), *b = clSVMAlloc(context, CL_MEM_READ_WRITE, kBytes, 64);
  unsigned char *host = malloc(kBytes), *back = calloc(1, kBytes);
  for (size_t i = 0; i < kBytes; ++i) host[i] = (unsigned char)(i * 31 >> 4);
  const uint32_t pattern = 0xa1b2c3d4;
  CHECK(clEnqueueSVMMemcpy(queue, CL_FALSE, a, host, kBytes, 0, NULL, NULL));
  CHECK(clEnqueueSVMMemcpy(queue, CL_FALSE, b, a, kBytes, 0, NULL, NULL));
  CHECK(clEnqueueSVMMemFill(queue, b + 4096, &pattern, 4, 4096, 0, NULL, NULL));
  CHECK(clEnqueueSVMMemcpy(queue, CL_FALSE, back, b, kBytes, 0, NULL, NULL));
  cl_mem buffer = new_buffer(0, kBytes, NULL);
  CHECK(clEnqueueWriteBuffer(queue, buffer, CL_FALSE, 0, kBytes, back, 0, NULL, NULL));
  unsigned char* again = calloc(1, kBytes);
  CHECK(clEnqueueReadBuffer(queue, buffer, CL_TRUE, 0, kBytes, again, 0, NULL, NULL));
  for (size_t i = 0; i < 4096; i += 4) memcpy(host + 4096 + i, &pattern, 4);
  expect(memcmp(host, back, kBytes) == 0, "copied");
  expect(memcmp(host, again, kBytes) == 0, "and written on");
  CHECK(clEnqueueSVMMap(queue, CL_TRUE, CL_MAP_READ | CL_MAP_WRITE, b + 100, 200, 0, NULL, NULL));
  expect(memcmp(host + 100, b + 100, 200) == 0, "mapped part");
  memset(b + 100, 9, 200);
  CHECK(clEnqueueSVMUnmap(queue, b + 100, 0, NULL, NULL));
  CHECK(clEnqueueSVMMemcpy(queue, CL_TRUE, back, b, kBytes, 0, NULL, NULL));
  memset(host + 100, 9, 200);
  expect(memcmp(host, back, kBytes) == 0, "a write map of a part reaches the device");
  clSVMFree(context, a);
  clSVMFree(context, b);
  clSVMFree(context, NULL);
  return 0;
}
