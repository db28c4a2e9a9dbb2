// Shared memory in a program that already has other things at the addresses where drivers like to allocate.
#define _GNU_SOURCE
#include <sys/mman.h>

#include "program.h"

int main(void) {
  open_device();
  const size_t step = (size_t)1 << 30;
  size_t taken = 0;
  for (uintptr_t at = 0x6f0000000000; at < 0x7fff00000000; at += step) {
    void* got = mmap((void*)at, step, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    taken += got == (void*)at;
  }
  printf("most of it taken: %s\n", taken > 16000 ? "yes" : "no");
  uint32_t* data = clSVMAlloc(context, CL_MEM_READ_WRITE, 4000, 0);
  if (!data) return printf("no shared memory\n"), 0;
  const uint32_t pattern = 12;
  uint32_t back[1000];
  CHECK(clEnqueueSVMMemFill(queue, data, &pattern, 4, 4000, 0, NULL, NULL));
  CHECK(clEnqueueSVMMap(queue, CL_TRUE, CL_MAP_READ | CL_MAP_WRITE, data, 4000, 0, NULL, NULL));
  printf("%u\n", data[999]);
  data[5] = 6;
  CHECK(clEnqueueSVMUnmap(queue, data, 0, NULL, NULL));
  CHECK(clEnqueueSVMMemcpy(queue, CL_TRUE, back, data, 4000, 0, NULL, NULL));
  printf("%u %u\n", back[4], back[5]);
  clSVMFree(context, data);
  return 0;
}
