// Which call is the first to tell that a launch was refused by the device: prints the codes of the launch and the finish.
#include "../programs/program.h"

int main(void) {
  open_device();
  cl_ulong local;
  CHECK(clGetDeviceInfo(device, CL_DEVICE_LOCAL_MEM_SIZE, sizeof local, &local, NULL));
  cl_kernel greedy = build_kernel("kernel void greedy(local uint* s) { s[get_local_id(0)] = 1; }", "greedy");
  CHECK(clSetKernelArg(greedy, 0, local * 4, NULL));
  const size_t one = 1;
  cl_event event = NULL;
  cl_int launch = clEnqueueNDRangeKernel(queue, greedy, 1, NULL, &one, NULL, 0, NULL, &event);
  cl_int finish = clFinish(queue);
  printf("launch %d, finish %d, event %s\n", launch, finish, event == NULL ? "none" : "made");
  return 0;
}
