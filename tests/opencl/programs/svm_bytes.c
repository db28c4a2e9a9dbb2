// Fine-grain SVM: the program and a kernel write neighbouring bytes of the same words, and neither loses any.
#include "program.h"

int main(void) {
  open_device();
  cl_device_svm_capabilities capabilities;
  CHECK(clGetDeviceInfo(device, CL_DEVICE_SVM_CAPABILITIES, sizeof capabilities, &capabilities, NULL));
  if (!(capabilities & CL_DEVICE_SVM_FINE_GRAIN_BUFFER)) return printf("not offered\n"), 0;
  enum { kCount = 50000 };
  unsigned char* data = clSVMAlloc(context, CL_MEM_READ_WRITE | CL_MEM_SVM_FINE_GRAIN_BUFFER, kCount, 0);
  memset(data, 0, kCount);
  cl_kernel kernel = build_kernel("kernel void odd(global uchar* a) { a[2 * get_global_id(0) + 1] += 3; }", "odd");
  CHECK(clSetKernelArgSVMPointer(kernel, 0, data));
  const size_t global = kCount / 2;
  for (int round = 1; round <= 3; ++round) {
    cl_event event;
    CHECK(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &global, NULL, 0, NULL, &event));
    CHECK(clFlush(queue));
    for (int i = 0; i < kCount; i += 2) data[i] = (unsigned char)(i + round);
    CHECK(clWaitForEvents(1, &event));
    int wrong = 0;
    for (int i = 0; i < kCount; ++i) wrong += data[i] != (unsigned char)(i % 2 ? 3 * round : i + round);
    printf("round %d: %d wrong\n", round, wrong);
    clReleaseEvent(event);
  }
  unsigned char* back = malloc(kCount);
  CHECK(clEnqueueSVMMemcpy(queue, CL_TRUE, back, data, kCount, 0, NULL, NULL));
  printf("copied: %s\n", memcmp(back, data, kCount) ? "differs" : "equal");
  clSVMFree(context, data);
  return 0;
}
