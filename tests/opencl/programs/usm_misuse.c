// What the functions of unified shared memory answer to misuse, what is said of flags, and hints that change nothing.
#include "usm.h"

int main(void) {
  open_usm();
  cl_int status;
  const cl_bitfield unknown[] = {0x9999, 1, 0}, combined[] = {0x4195, 1, 0}, bad_flags[] = {0x4195, 1u << 20, 0};
  char* host = usm_clHostMemAllocINTEL(context, combined, 4096, 0, &status);
  CHECK(status);
  cl_bitfield flags = 77;
  CHECK(usm_clGetMemAllocInfoINTEL(context, host, 0x4195, sizeof flags, &flags, NULL));
  printf("flags %#llx\n", (unsigned long long)flags);
  usm_clHostMemAllocINTEL(context, unknown, 64, 0, &status);
  printf("unknown property: %d\n", status);
  usm_clHostMemAllocINTEL(context, bad_flags, 64, 0, &status);
  printf("unknown flags: %d\n", status);
  usm_clHostMemAllocINTEL(context, NULL, 64, 3, &status);
  printf("alignment 3: %d\n", status);
  usm_clSharedMemAllocINTEL(context, device, NULL, 0, 0, &status);
  printf("size 0: %d\n", status);
  usm_clDeviceMemAllocINTEL(context, NULL, NULL, 64, 0, &status);
  printf("no device: %d\n", status);
  usm_clHostMemAllocINTEL(NULL, NULL, 64, 0, &status);
  printf("no context: %d\n", status);
  char* anywhere = usm_clSharedMemAllocINTEL(context, NULL, NULL, 4096, 0, &status);
  printf("shared of no device: %d\n", status);
  cl_device_id of = device;
  if (anywhere) CHECK(usm_clGetMemAllocInfoINTEL(context, anywhere, 0x419D, sizeof of, &of, NULL));
  printf("its device: %s\n", of == NULL ? "none" : "one");

  char own[64] = {1};
  cl_uint type = 99;
  size_t size = 0;
  CHECK(usm_clGetMemAllocInfoINTEL(context, own, 0x419A, sizeof type, &type, &size));
  printf("own memory: type %#x in %zu bytes\n", type, size);
  printf("unknown question: %d, too little room: %d\n", usm_clGetMemAllocInfoINTEL(context, host, 0x9999, 4, &type, NULL),
         usm_clGetMemAllocInfoINTEL(context, host, 0x419A, 1, &type, NULL));
  printf("free: inside %d, own memory %d, no context %d\n", usm_clMemFreeINTEL(context, host + 64),
         usm_clMemFreeINTEL(context, own), usm_clMemFreeINTEL(NULL, host));

  cl_kernel kernel = build_kernel("kernel void k(global uint* a, uint n) { a[0] = n; }", "k");
  printf("argument: a number %d, out of range %d, no kernel %d\n", usm_clSetKernelArgMemPointerINTEL(kernel, 1, host),
         usm_clSetKernelArgMemPointerINTEL(kernel, 2, host), usm_clSetKernelArgMemPointerINTEL(NULL, 0, host));
  const cl_bool yes = CL_TRUE;
  printf("hints: wrong size %d, unknown %d\n", clSetKernelExecInfo(kernel, 0x4200, 1, &yes),
         clSetKernelExecInfo(kernel, 0x4299, sizeof yes, &yes));
  printf("fill: pattern of 3 %d, no pattern %d\n", usm_clEnqueueMemFillINTEL(queue, host, own, 3, 12, 0, NULL, NULL),
         usm_clEnqueueMemFillINTEL(queue, host, NULL, 4, 12, 0, NULL, NULL));
  printf("copy onto itself: %d\n", usm_clEnqueueMemcpyINTEL(queue, CL_TRUE, host, host + 4, 12, 0, NULL, NULL));

  memset(host, 5, 4096);
  cl_event advised, refused = NULL;
  cl_command_type type_of_command;
  CHECK(usm_clEnqueueMemAdviseINTEL(queue, host, 4096, 0x4208, 0, NULL, &advised));
  CHECK(clWaitForEvents(1, &advised));
  CHECK(clGetEventInfo(advised, CL_EVENT_COMMAND_TYPE, sizeof type_of_command, &type_of_command, NULL));
  printf("advised %#x, unknown advice %d\n", type_of_command,
         usm_clEnqueueMemAdviseINTEL(queue, host, 4096, 0, 0, NULL, &refused));
  printf("memory that does not migrate: %d, %s\n",
         usm_clEnqueueMigrateMemINTEL(queue, host, 4096, CL_MIGRATE_MEM_OBJECT_HOST, 0, NULL, &refused),
         refused ? "an event" : "no event");
  CHECK(clFinish(queue));
  CHECK(usm_clMemBlockingFreeINTEL(context, host));
  if (anywhere) CHECK(usm_clMemFreeINTEL(context, anywhere));
  return 0;
}
