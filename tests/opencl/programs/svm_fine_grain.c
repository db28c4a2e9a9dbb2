// Fine-grain buffer SVM without a map: written by the program before a launch, read by it after the finish, also by read().
#include <fcntl.h>
#include <signal.h>

#include "program.h"

static void on_fault(int signal_number) {
  (void)signal_number;
  static const char text[] = "a fault reached the program\n";
  (void)!write(1, text, sizeof text - 1);
  _exit(3);
}

int main(void) {
  open_device();
  signal(SIGSEGV, on_fault);  // a program may have a handler of its own
  cl_device_svm_capabilities capabilities;
  CHECK(clGetDeviceInfo(device, CL_DEVICE_SVM_CAPABILITIES, sizeof capabilities, &capabilities, NULL));
  if (!(capabilities & CL_DEVICE_SVM_FINE_GRAIN_BUFFER)) return printf("not offered\n"), 0;
  enum { kCount = 100000 };
  uint32_t* data = clSVMAlloc(context, CL_MEM_READ_WRITE | CL_MEM_SVM_FINE_GRAIN_BUFFER, kCount * 4, 0);
  cl_kernel kernel = build_kernel("kernel void twice(global uint* a) { a[get_global_id(0)] *= 2; }", "twice");
  CHECK(clSetKernelArgSVMPointer(kernel, 0, data));
  const size_t global = kCount;
  for (uint32_t i = 0; i < kCount; ++i) data[i] = i;
  for (int round = 0; round < 3; ++round) {
    CHECK(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &global, NULL, 0, NULL, NULL));
    CHECK(clFinish(queue));
    size_t wrong = 0;
    for (uint32_t i = 0; i < kCount; ++i) wrong += data[i] != 2 * (i + (uint32_t)round);
    printf("round %d: %zu wrong\n", round, wrong);
    for (uint32_t i = 0; i < kCount; ++i) data[i] = i + (uint32_t)round + 1;
  }
  int file = open("/dev/zero", O_RDONLY);
  expect(read(file, data, kCount * 4) == kCount * 4, "read() into it");
  data[7] = 21;
  CHECK(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &global, NULL, 0, NULL, NULL));
  CHECK(clFinish(queue));
  printf("%u %u\n", data[7], data[8]);
  clSVMFree(context, data);
  return 0;
}
