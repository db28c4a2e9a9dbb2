// Releasing everything in the wrong order, with work under way, and starting over ten times in one process.
#include "program.h"

int main(void) {
  for (int round = 0; round < 10; ++round) {
    open_device();
    uint32_t data[1024] = {0};
    cl_kernel kernel = build_kernel("kernel void inc(global uint* a) { a[get_global_id(0)] += 3; }", "inc");
    cl_mem buffer = new_buffer(CL_MEM_COPY_HOST_PTR, sizeof data, data);
    const size_t global = 1024;
    cl_event event;
    CHECK(clSetKernelArg(kernel, 0, sizeof buffer, &buffer));
    CHECK(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &global, NULL, 0, NULL, NULL));
    CHECK(clEnqueueReadBuffer(queue, buffer, CL_FALSE, 0, sizeof data, data, 0, NULL, &event));
    CHECK(clReleaseContext(context));
    CHECK(clReleaseMemObject(buffer));
    CHECK(clReleaseKernel(kernel));
    CHECK(clReleaseCommandQueue(queue));
    CHECK(clWaitForEvents(1, &event));
    if (data[0] != 3 || data[1023] != 3) printf("round %d: %u %u\n", round, data[0], data[1023]);
    CHECK(clReleaseEvent(event));
  }
  printf("done\n");
  return 0;
}
