// Handles that never were, that are of another kind or released get their code; nothing crashes.
#include "program.h"

#define SHOW(call) printf("%s: %d\n", #call, (call))

int main(void) {
  open_device();
  cl_kernel kernel = build_kernel("kernel void k(global uint* a) { a[0]++; }", "k");
  cl_mem buffer = new_buffer(0, 64, NULL), gone = new_buffer(0, 64, NULL);
  cl_event event = user_event();
  CHECK(clReleaseMemObject(gone));
  char data[64] = {0};
  cl_mem wild = (cl_mem)(uintptr_t)0x12345678, here = (cl_mem)data, other = (cl_mem)kernel;
  SHOW(clEnqueueReadBuffer(queue, wild, CL_TRUE, 0, 4, data, 0, NULL, NULL));
  SHOW(clEnqueueReadBuffer(queue, here, CL_TRUE, 0, 4, data, 0, NULL, NULL));
  SHOW(clEnqueueReadBuffer(queue, other, CL_TRUE, 0, 4, data, 0, NULL, NULL));
  SHOW(clEnqueueReadBuffer(queue, gone, CL_TRUE, 0, 4, data, 0, NULL, NULL));
  SHOW(clEnqueueReadBuffer((cl_command_queue)buffer, buffer, CL_TRUE, 0, 4, data, 0, NULL, NULL));
  SHOW(clEnqueueReadBuffer((cl_command_queue)(uintptr_t)8, buffer, CL_TRUE, 0, 4, data, 0, NULL, NULL));
  SHOW(clSetKernelArg(kernel, 0, sizeof wild, &wild));
  SHOW(clSetKernelArg(kernel, 0, sizeof gone, &gone));
  SHOW(clSetKernelArg((cl_kernel)queue, 0, sizeof buffer, &buffer));
  SHOW(clWaitForEvents(1, (cl_event*)&buffer));
  SHOW(clReleaseMemObject(gone));
  SHOW(clReleaseMemObject(wild));
  SHOW(clRetainMemObject(other));
  SHOW(clReleaseKernel((cl_kernel)event));
  SHOW(clReleaseContext((cl_context)(uintptr_t)-1));
  SHOW(clGetMemObjectInfo(here, CL_MEM_SIZE, 8, data, NULL));
  SHOW(clGetDeviceInfo((cl_device_id)context, CL_DEVICE_TYPE, 8, data, NULL));
  SHOW(clEnqueueMarkerWithWaitList(queue, 1, (cl_event*)&wild, NULL));
  SHOW(clEnqueueReadBuffer(queue, buffer, CL_TRUE, 0, 4, data, 0, NULL, NULL));
  return 0;
}
