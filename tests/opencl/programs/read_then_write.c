// Bytes are read when a command executes: a write takes what a read before it, not yet finished, brings to the same memory.
#include "program.h"

enum { kCount = 1 << 20 };

int main(void) {
  open_device();
  uint32_t *first = malloc(kCount * 4), *back = calloc(kCount, 4), *between = calloc(kCount, 4);
  for (size_t i = 0; i < kCount; ++i) first[i] = (uint32_t)(i * 2654435761u);
  for (size_t size = 16; size <= kCount * 4; size *= 64) {
    cl_mem a = new_buffer(CL_MEM_COPY_HOST_PTR, kCount * 4, first), b = new_buffer(0, kCount * 4, NULL);
    memset(between, 0, kCount * 4);
    memset(back, 0, kCount * 4);
    CHECK(clEnqueueReadBuffer(queue, a, CL_FALSE, 0, size, between, 0, NULL, NULL));
    CHECK(clEnqueueWriteBuffer(queue, b, CL_FALSE, 0, size, between, 0, NULL, NULL));
    CHECK(clFinish(queue));
    CHECK(clEnqueueReadBuffer(queue, b, CL_TRUE, 0, size, back, 0, NULL, NULL));
    printf("%zu bytes: %s\n", size, memcmp(back, first, size) ? "wrong" : "right");
    clReleaseMemObject(a);
    clReleaseMemObject(b);
  }
  cl_int status;
  cl_mem a = new_buffer(CL_MEM_COPY_HOST_PTR, kCount * 4, first), b = new_buffer(0, kCount * 4, NULL);
  void* mapped = clEnqueueMapBuffer(queue, a, CL_FALSE, CL_MAP_READ, 0, kCount * 4, 0, NULL, NULL, &status);
  CHECK(status);
  CHECK(clEnqueueWriteBuffer(queue, b, CL_FALSE, 0, kCount * 4, mapped, 0, NULL, NULL));
  CHECK(clEnqueueUnmapMemObject(queue, a, mapped, 0, NULL, NULL));
  CHECK(clEnqueueReadBuffer(queue, b, CL_TRUE, 0, kCount * 4, back, 0, NULL, NULL));
  printf("from a map not yet finished: %s\n", memcmp(back, first, kCount * 4) ? "wrong" : "right");
  return 0;
}
