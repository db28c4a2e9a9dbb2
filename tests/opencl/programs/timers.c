// Host and device timers: they go on together, where the platform has them.
#include "program.h"

int main(void) {
  open_device();
  cl_ulong resolution = 0, host[3] = {0}, on_device[2] = {0};
  clGetPlatformInfo(platform, CL_PLATFORM_HOST_TIMER_RESOLUTION, sizeof resolution, &resolution, NULL);
  if (resolution == 0) {
    printf("no timers: %d %d\n", clGetHostTimer(device, host), clGetDeviceAndHostTimer(device, on_device, host));
    return 0;
  }
  CHECK(clGetDeviceAndHostTimer(device, &on_device[0], &host[0]));
  usleep(20000);
  CHECK(clGetHostTimer(device, &host[1]));
  CHECK(clGetDeviceAndHostTimer(device, &on_device[1], &host[2]));
  expect(host[1] - host[0] >= 20000000 && host[2] >= host[1], "the host's clock counts nanoseconds");
  expect(on_device[1] - on_device[0] >= 15000000, "the device's clock does");
  printf("no place for the time: %d %d %d\n", clGetHostTimer(device, NULL), clGetDeviceAndHostTimer(device, NULL, host),
         clGetDeviceAndHostTimer(device, on_device, NULL));
  return 0;
}
