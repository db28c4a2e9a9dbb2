// Create, use and release of large buffers in a loop: memory released is memory that can be had.
#include "program.h"

int main(void) {
  open_device();
  cl_ulong total, largest;
  CHECK(clGetDeviceInfo(device, CL_DEVICE_GLOBAL_MEM_SIZE, sizeof total, &total, NULL));
  CHECK(clGetDeviceInfo(device, CL_DEVICE_MAX_MEM_ALLOC_SIZE, sizeof largest, &largest, NULL));
  const size_t size = largest < 1u << 30 ? largest : 1u << 30;
  uint32_t seen = 0;
  for (uint32_t i = 0; i < 100; ++i) {
    cl_mem buffer = new_buffer(0, size, NULL);
    CHECK(clEnqueueWriteBuffer(queue, buffer, CL_FALSE, size - 4, 4, &i, 0, NULL, NULL));
    uint32_t back = 0;
    CHECK(clEnqueueReadBuffer(queue, buffer, CL_TRUE, size - 4, 4, &back, 0, NULL, NULL));
    seen += back == i;
    CHECK(clReleaseMemObject(buffer));
  }
  printf("%u of 100\n", seen);
  return 0;
}
