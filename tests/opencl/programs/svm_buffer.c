// A buffer over SVM memory is that memory: kernels see the same bytes by the buffer and by the pointer.
#include "program.h"

int main(void) {
  open_device();
  enum { kCount = 4096 };
  uint32_t* data = clSVMAlloc(context, CL_MEM_READ_WRITE, kCount * 4, 0);
  if (!data) return printf("no shared memory\n"), 0;
  CHECK(clEnqueueSVMMap(queue, CL_TRUE, CL_MAP_WRITE, data, kCount * 4, 0, NULL, NULL));
  for (uint32_t i = 0; i < kCount; ++i) data[i] = i;
  CHECK(clEnqueueSVMUnmap(queue, data, 0, NULL, NULL));
  CHECK(clFinish(queue));
  cl_mem buffer = new_buffer(CL_MEM_USE_HOST_PTR, kCount * 4, data);
  cl_bool uses = 0;
  CHECK(clGetMemObjectInfo(buffer, CL_MEM_USES_SVM_POINTER, sizeof uses, &uses, NULL));
  printf("uses SVM: %u\n", uses);
  cl_program program = build("kernel void add(global uint* a, uint n) { a[get_global_id(0)] += n; }", "");
  cl_kernel by_buffer = kernel_of(program, "add"), by_pointer = kernel_of(program, "add");
  const cl_uint ten = 10, hundred = 100;
  CHECK(clSetKernelArg(by_buffer, 0, sizeof buffer, &buffer));
  CHECK(clSetKernelArg(by_buffer, 1, sizeof ten, &ten));
  CHECK(clSetKernelArgSVMPointer(by_pointer, 0, data));
  CHECK(clSetKernelArg(by_pointer, 1, sizeof hundred, &hundred));
  const size_t global = kCount;
  for (int i = 0; i < 3; ++i) {
    CHECK(clEnqueueNDRangeKernel(queue, by_buffer, 1, NULL, &global, NULL, 0, NULL, NULL));
    CHECK(clEnqueueNDRangeKernel(queue, by_pointer, 1, NULL, &global, NULL, 0, NULL, NULL));
  }
  cl_int status;
  uint32_t* mapped = clEnqueueMapBuffer(queue, buffer, CL_TRUE, CL_MAP_READ | CL_MAP_WRITE, 0, kCount * 4, 0, NULL,
                                        NULL, &status);
  CHECK(status);
  printf("mapped at the pointer: %s, %u %u\n", mapped == data ? "yes" : "no", mapped[0], mapped[kCount - 1]);
  mapped[5] = 7;
  CHECK(clEnqueueUnmapMemObject(queue, buffer, mapped, 0, NULL, NULL));
  CHECK(clEnqueueNDRangeKernel(queue, by_pointer, 1, NULL, &global, NULL, 0, NULL, NULL));
  uint32_t back[8];
  CHECK(clEnqueueReadBuffer(queue, buffer, CL_TRUE, 0, sizeof back, back, 0, NULL, NULL));
  printf("%u %u\n", back[4], back[5]);
  clCreateBuffer(context, CL_MEM_USE_HOST_PTR, kCount * 8, data, &status);
  printf("a buffer larger than the memory: %d\n", status);
  CHECK(clSetKernelExecInfo(by_pointer, CL_KERNEL_EXEC_INFO_SVM_PTRS, sizeof data, &data));
  printf("no pointers any more: %d\n", clSetKernelExecInfo(by_pointer, CL_KERNEL_EXEC_INFO_SVM_PTRS, 0, NULL));
  clReleaseMemObject(buffer);
  CHECK(clFinish(queue));
  clSVMFree(context, data);
  return 0;
}
