// Every kind of missing handle and broken argument gets its own code, and the program goes on.
#include "program.h"

#define SHOW(call) printf("%s: %d\n", #call, (call))
#define SHOW_STATUS(call) (status = 12345, (void)(call), printf("%s: %d\n", #call, status))

int main(void) {
  open_device();
  cl_int status;
  size_t size;
  cl_uint count;
  char text[16];
  const size_t one = 1, origin[3] = {0, 0, 0}, large[3] = {8, 9, 1};
  cl_mem buffer = new_buffer(0, 64, NULL);
  cl_kernel kernel = build_kernel("kernel void k(void) {}", "k");
  cl_event none = NULL, user = user_event();
  SHOW(clGetPlatformIDs(0, NULL, NULL));
  SHOW(clGetPlatformIDs(0, &platform, NULL));
  SHOW(clGetDeviceIDs(platform, 0, 1, &device, NULL));
  SHOW(clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 0, &device, NULL));
  SHOW(clGetDeviceInfo(device, 0xdead, 16, text, NULL));
  SHOW(clGetDeviceInfo(device, CL_DEVICE_NAME, 1, text, NULL));
  SHOW(clGetPlatformInfo(platform, 0xdead, 16, text, NULL));
  SHOW_STATUS(clCreateContext(NULL, 0, &device, NULL, NULL, &status));
  SHOW_STATUS(clCreateContext(NULL, 1, NULL, NULL, NULL, &status));
  SHOW_STATUS(clCreateContext(NULL, 1, &device, NULL, &status, &status));
  SHOW_STATUS(clCreateContext((cl_context_properties[]){0xdead, 1, 0}, 1, &device, NULL, NULL, &status));
  SHOW_STATUS(clCreateCommandQueue(NULL, device, 0, &status));
  SHOW_STATUS(clCreateCommandQueue(context, device, 1 << 20, &status));
  SHOW_STATUS(clCreateBuffer(NULL, 0, 4, NULL, &status));
  SHOW_STATUS(clCreateBuffer(context, CL_MEM_READ_ONLY | CL_MEM_WRITE_ONLY, 4, NULL, &status));
  SHOW_STATUS(clCreateBuffer(context, CL_MEM_COPY_HOST_PTR, 4, NULL, &status));
  SHOW_STATUS(clCreateBuffer(context, 0, 4, text, &status));
  SHOW_STATUS(clCreateBuffer(context, CL_MEM_USE_HOST_PTR | CL_MEM_ALLOC_HOST_PTR, 4, text, &status));
  SHOW_STATUS(clCreateSubBuffer(buffer, 0, CL_BUFFER_CREATE_TYPE_REGION, &((cl_buffer_region){0, 65}), &status));
  SHOW_STATUS(clCreateSubBuffer(buffer, 0, CL_BUFFER_CREATE_TYPE_REGION, &((cl_buffer_region){0, 0}), &status));
  SHOW_STATUS(clCreateProgramWithSource(context, 0, NULL, NULL, &status));
  SHOW_STATUS(clCreateProgramWithSource(context, 1, &(const char*){NULL}, NULL, &status));
  SHOW_STATUS(clCreateUserEvent(NULL, &status));
  SHOW_STATUS(clCreateSampler(context, CL_TRUE, 0xdead, CL_FILTER_LINEAR, &status));
  SHOW(clEnqueueReadBuffer(NULL, buffer, CL_TRUE, 0, 4, text, 0, NULL, NULL));
  SHOW(clEnqueueReadBuffer(queue, NULL, CL_TRUE, 0, 4, text, 0, NULL, NULL));
  SHOW(clEnqueueReadBuffer(queue, buffer, CL_TRUE, 0, 4, NULL, 0, NULL, NULL));
  SHOW(clEnqueueReadBuffer(queue, buffer, CL_TRUE, 62, 4, text, 0, NULL, NULL));
  SHOW(clEnqueueReadBuffer(queue, buffer, CL_TRUE, 0, 4, text, 1, NULL, NULL));
  SHOW(clEnqueueReadBuffer(queue, buffer, CL_TRUE, 0, 4, text, 0, &user, NULL));
  SHOW(clEnqueueReadBuffer(queue, buffer, CL_TRUE, 0, 4, text, 1, &none, NULL));
  SHOW(clEnqueueCopyBuffer(queue, buffer, buffer, 0, 32, 33, 0, NULL, NULL));
  SHOW(clEnqueueNDRangeKernel(queue, kernel, 0, NULL, &one, NULL, 0, NULL, NULL));
  SHOW(clEnqueueNDRangeKernel(queue, kernel, 4, NULL, &one, NULL, 0, NULL, NULL));
  SHOW(clEnqueueNDRangeKernel(queue, NULL, 1, NULL, &one, NULL, 0, NULL, NULL));
  SHOW(clEnqueueReadBufferRect(queue, buffer, CL_TRUE, origin, origin, large, 0, 0, 0, 0, text, 0, NULL, NULL));
  SHOW(clEnqueueUnmapMemObject(queue, buffer, text, 0, NULL, NULL));
  SHOW(clWaitForEvents(0, NULL));
  SHOW(clWaitForEvents(1, &none));
  SHOW(clSetUserEventStatus(user, 1));
  SHOW(clFlush(NULL));
  SHOW(clFinish(NULL));
  SHOW(clRetainMemObject(NULL));
  SHOW(clReleaseMemObject(NULL));
  SHOW(clReleaseKernel(NULL));
  SHOW(clReleaseProgram(NULL));
  SHOW(clReleaseEvent(NULL));
  SHOW(clReleaseCommandQueue(NULL));
  SHOW(clReleaseContext(NULL));
  SHOW(clReleaseSampler(NULL));
  SHOW(clGetMemObjectInfo(buffer, 0xdead, 16, text, NULL));
  SHOW(clGetEventInfo(user, 0xdead, 16, text, NULL));
  SHOW(clGetKernelInfo(kernel, 0xdead, 16, text, NULL));
  SHOW(clGetKernelInfo(kernel, CL_KERNEL_NUM_ARGS, 1, &count, &size));
  SHOW(clGetKernelArgInfo(kernel, 0, CL_KERNEL_ARG_NAME, 16, text, NULL));
  SHOW(clSetKernelArg(kernel, 0, 4, text));
  SHOW(clSetKernelArg(NULL, 0, 4, text));
  cl_program broken = clCreateProgramWithSource(context, 1, &(const char*){"kernel void k( {"}, NULL, &status);
  SHOW(clBuildProgram(broken, 1, &device, NULL, NULL, NULL));
  SHOW(clBuildProgram(broken, 1, &device, NULL, NULL, text));
  SHOW(clBuildProgram(NULL, 1, &device, NULL, NULL, NULL));
  SHOW_STATUS(clCreateKernel(broken, "k", &status));
  cl_program good = build("kernel void k(void) {}", "");
  SHOW_STATUS(clCreateKernel(good, "no such kernel", &status));
  SHOW_STATUS(clCreateKernel(good, NULL, &status));
  cl_program unbuilt = clCreateProgramWithSource(context, 1, &(const char*){"kernel void k() {}"}, NULL, &status);
  SHOW_STATUS(clCreateKernel(unbuilt, "k", &status));
  SHOW(clSetUserEventStatus(user, CL_COMPLETE));
  SHOW(clFinish(queue));
  return 0;
}
