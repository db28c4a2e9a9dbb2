// Allocating until it fails must end with the right code, and everything must be there again after the release.
#include "program.h"

int main(void) {
  open_device();
  cl_ulong largest;
  CHECK(clGetDeviceInfo(device, CL_DEVICE_MAX_MEM_ALLOC_SIZE, sizeof largest, &largest, NULL));
  cl_int status;
  cl_mem buffer = clCreateBuffer(context, 0, largest * 2 + (1ull << 40), NULL, &status);
  printf("larger than the largest: %d, %s\n", status, buffer ? "a buffer" : "no buffer");
  buffer = clCreateBuffer(context, 0, 0, NULL, &status);
  printf("of no bytes: %d, %s\n", status, buffer ? "a buffer" : "no buffer");
  static cl_mem made[100000];
  int count[2] = {0, 0};
  for (int round = 0; round < 2; ++round) {
    int n = 0;
    while (n < 100000 && (made[n] = clCreateBuffer(context, 0, 256 << 20, NULL, &status)) != NULL) ++n;
    printf("the last one: %d\n", status);
    count[round] = n;
    for (int i = 0; i < n; ++i) CHECK(clReleaseMemObject(made[i]));
  }
  expect(count[0] > 1 && count[0] < 100000, "it ended");
  expect(count[0] == count[1], "as many the second time");
  return 0;
}
