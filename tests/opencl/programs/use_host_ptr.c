// CL_MEM_USE_HOST_PTR: maps lie in the program's own memory, which holds the device's results while mapped.
#include <stdatomic.h>

#include "program.h"

enum { kWords = 16384 };
static atomic_int freed;

static void CL_CALLBACK destroyed(cl_mem memory, void* host) {
  (void)memory;
  memset(host, 0xee, kWords * 4);  // nobody may touch it any more
  free(host);
  atomic_store(&freed, 1);
}

int main(void) {
  open_device();
  uint32_t* host = aligned_alloc(4096, kWords * 4);
  for (uint32_t i = 0; i < kWords; ++i) host[i] = i;
  cl_mem buffer = new_buffer(CL_MEM_USE_HOST_PTR, kWords * 4, host);
  cl_int status;
  const cl_buffer_region region = {8192, 8192};
  cl_mem part = clCreateSubBuffer(buffer, 0, CL_BUFFER_CREATE_TYPE_REGION, &region, &status);
  CHECK(status);
  cl_kernel kernel = build_kernel("kernel void inc(global uint* a) { a[get_global_id(0)] += 100; }", "inc");
  const size_t all = kWords, few = 2048;
  CHECK(clSetKernelArg(kernel, 0, sizeof buffer, &buffer));
  CHECK(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &all, NULL, 0, NULL, NULL));
  CHECK(clSetKernelArg(kernel, 0, sizeof part, &part));
  CHECK(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &few, NULL, 0, NULL, NULL));
  uint32_t* mapped = clEnqueueMapBuffer(queue, buffer, CL_TRUE, CL_MAP_READ | CL_MAP_WRITE, 4096, 16384, 0, NULL, NULL, &status);
  CHECK(status);
  expect(mapped == host + 1024, "the map lies in our memory");
  printf("%u %u %u\n", host[1024], host[2048], host[4096]);
  mapped[0] = 5;
  CHECK(clEnqueueUnmapMemObject(queue, buffer, mapped, 0, NULL, NULL));
  uint32_t* inner = clEnqueueMapBuffer(queue, part, CL_TRUE, CL_MAP_READ, 16, 64, 0, NULL, NULL, &status);
  CHECK(status);
  expect(inner == host + 2048 + 4, "so does a map of the sub-buffer");
  CHECK(clEnqueueUnmapMemObject(queue, part, inner, 0, NULL, NULL));
  uint32_t values[3];
  CHECK(clEnqueueReadBuffer(queue, buffer, CL_TRUE, 4096, 12, values, 0, NULL, NULL));
  printf("%u %u %u\n", values[0], values[1], values[2]);
  void* pointer;
  CHECK(clGetMemObjectInfo(buffer, CL_MEM_HOST_PTR, sizeof pointer, &pointer, NULL));
  expect(pointer == host, "the pointer is told");
  CHECK(clGetMemObjectInfo(part, CL_MEM_HOST_PTR, sizeof pointer, &pointer, NULL));
  expect(pointer == host + 2048, "and that of the sub-buffer");
  CHECK(clSetMemObjectDestructorCallback(buffer, destroyed, host));
  CHECK(clEnqueueReadBuffer(queue, part, CL_FALSE, 0, 12, values, 0, NULL, NULL));
  CHECK(clReleaseMemObject(buffer));
  usleep(50000);
  expect(!atomic_load(&freed), "alive while a sub-buffer is");
  CHECK(clReleaseMemObject(part));
  CHECK(clReleaseKernel(kernel));
  CHECK(clFinish(queue));
  for (int i = 0; i < 500 && !atomic_load(&freed); ++i) usleep(10000);
  expect(atomic_load(&freed), "destroyed after all");
  return 0;
}
