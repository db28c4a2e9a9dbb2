// A function of the program cannot run on the server: devices do not offer it, and the call says so.
#include "program.h"

static void CL_CALLBACK run(void* data) { (void)data; }

int main(void) {
  open_device();
  cl_device_exec_capabilities able = 0;
  CHECK(clGetDeviceInfo(device, CL_DEVICE_EXECUTION_CAPABILITIES, sizeof able, &able, NULL));
  printf("kernels: %d, native kernels: %d\n", (able & CL_EXEC_KERNEL) != 0, (able & CL_EXEC_NATIVE_KERNEL) != 0);
  printf("one of them: %d\n", clEnqueueNativeKernel(queue, run, NULL, 0, 0, NULL, NULL, 0, NULL, NULL));
  printf("without a queue: %d\n", clEnqueueNativeKernel(NULL, run, NULL, 0, 0, NULL, NULL, 0, NULL, NULL));
  return 0;
}
