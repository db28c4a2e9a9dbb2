// Overlapping maps of a buffer and its sub-buffers show the same bytes, and an unmapped write is there for kernels.
#include "program.h"

enum { kWords = 4096 };

int main(void) {
  open_device();
  uint32_t data[kWords];
  for (uint32_t i = 0; i < kWords; ++i) data[i] = i;
  cl_mem buffer = new_buffer(CL_MEM_COPY_HOST_PTR, sizeof data, data);
  cl_int status;
  cl_mem halves[2];
  for (size_t i = 0; i < 2; ++i) {
    const cl_buffer_region region = {i * kWords * 2, kWords * 2};
    halves[i] = clCreateSubBuffer(buffer, 0, CL_BUFFER_CREATE_TYPE_REGION, &region, &status);
    CHECK(status);
  }
  uint32_t* whole = clEnqueueMapBuffer(queue, buffer, CL_TRUE, CL_MAP_READ, 0, sizeof data, 0, NULL, NULL, &status);
  CHECK(status);
  uint32_t* part = clEnqueueMapBuffer(queue, buffer, CL_TRUE, CL_MAP_READ, 1024, 1024, 0, NULL, NULL, &status);
  CHECK(status);
  cl_uint maps;
  CHECK(clGetMemObjectInfo(buffer, CL_MEM_MAP_COUNT, sizeof maps, &maps, NULL));
  printf("maps: %u\n", maps);
  uint32_t* of_half = clEnqueueMapBuffer(queue, halves[1], CL_TRUE, CL_MAP_READ, 64, 64, 0, NULL, NULL, &status);
  CHECK(status);
  printf("read: %u %u %u\n", whole[300], part[44], of_half[0]);
  CHECK(clEnqueueUnmapMemObject(queue, buffer, part, 0, NULL, NULL));
  printf("still there: %u\n", whole[301]);
  CHECK(clEnqueueUnmapMemObject(queue, buffer, whole, 0, NULL, NULL));
  CHECK(clEnqueueUnmapMemObject(queue, halves[1], of_half, 0, NULL, NULL));

  // Two writing maps that do not overlap, through parent and sub-buffer, in one round.
  uint32_t* left = clEnqueueMapBuffer(queue, halves[0], CL_TRUE, CL_MAP_WRITE, 0, 64, 0, NULL, NULL, &status);
  CHECK(status);
  uint32_t* right = clEnqueueMapBuffer(queue, buffer, CL_FALSE, CL_MAP_WRITE_INVALIDATE_REGION, 8192 + 64, 64, 0, NULL, NULL, &status);
  CHECK(status);
  CHECK(clFinish(queue));
  for (uint32_t i = 0; i < 16; ++i) left[i] = 1000 + i, right[i] = 2000 + i;
  CHECK(clEnqueueUnmapMemObject(queue, halves[0], left, 0, NULL, NULL));
  CHECK(clEnqueueUnmapMemObject(queue, buffer, right, 0, NULL, NULL));
  cl_kernel kernel = build_kernel("kernel void inc(global uint* a) { a[get_global_id(0)] += 7; }", "inc");
  CHECK(clSetKernelArg(kernel, 0, sizeof halves[1], &halves[1]));
  const size_t global = kWords / 2;
  CHECK(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &global, NULL, 0, NULL, NULL));
  CHECK(clEnqueueReadBuffer(queue, buffer, CL_TRUE, 0, sizeof data, data, 0, NULL, NULL));
  printf("%u %u %u %u %u, checksum %08x\n", data[0], data[15], data[16], data[2064], data[2080], sum_of(data, kWords));

  // A map for reading made before the kernel is done brings the kernel's result: it fetches when its turn comes.
  whole = clEnqueueMapBuffer(queue, buffer, CL_FALSE, CL_MAP_READ | CL_MAP_WRITE, 0, sizeof data, 0, NULL, NULL, &status);
  CHECK(status);
  CHECK(clFinish(queue));
  whole[4095] += 5;
  CHECK(clEnqueueUnmapMemObject(queue, buffer, whole, 0, NULL, NULL));
  CHECK(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &global, NULL, 0, NULL, NULL));
  whole = clEnqueueMapBuffer(queue, buffer, CL_TRUE, CL_MAP_READ, 0, sizeof data, 0, NULL, NULL, &status);
  CHECK(status);
  printf("%u %u\n", whole[4094], whole[4095]);
  return 0;
}
