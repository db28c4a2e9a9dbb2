// Codes of wrong calls, compared with the specification's: only those that differ are printed.
#pragma once
#include "program.h"

static cl_int status;  // for calls that return an object
static int differing;

// The call gives this code.
#define GIVES(code, call) gives((call), (code), #call, "")
// The call, which puts its code into `status`, gives this code.
#define MAKES(code, call) (status = 12345, (void)(call), gives(status, (code), #call, ""))

__attribute__((unused)) static void gives(cl_int found, cl_int code, const char* call, const char* with) {
  if (found == code) return;
  ++differing;
  printf("%s%s: %d, not %d\n", call, with, found, code);
}

__attribute__((unused)) static int end_of_codes(void) {
  CHECK(clFinish(queue));
  printf("%d codes are not the specification's\n", differing);
  return 0;
}

__attribute__((unused)) static cl_context another_context(void) {
  cl_context made = clCreateContext(NULL, 1, &device, NULL, NULL, &status);
  CHECK(status);
  return made;
}

__attribute__((unused)) static cl_event event_of(cl_context of) {
  cl_event made = clCreateUserEvent(of, &status);
  CHECK(status);
  return made;
}

__attribute__((unused)) static cl_bool has_images(void) {
  cl_bool images = CL_FALSE;
  CHECK(clGetDeviceInfo(device, CL_DEVICE_IMAGE_SUPPORT, sizeof images, &images, NULL));
  return images;
}

__attribute__((unused)) static cl_uint device_number(cl_device_info param) {
  cl_uint value = 0;
  CHECK(clGetDeviceInfo(device, param, sizeof value, &value, NULL));
  return value;
}
