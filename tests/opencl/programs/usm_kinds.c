// Host, device and shared USM: copies between all kinds, kernels that write each, and what is said of an address.
#include "usm.h"

enum { kCount = 70000, kBytes = kCount * 4 };

static void describe(const char* name, const void* at, const void* base) {
  cl_uint type = 0;
  void* start = NULL;
  size_t size = 0;
  cl_device_id of = NULL;
  CHECK(usm_clGetMemAllocInfoINTEL(context, at, 0x419A, sizeof type, &type, NULL));
  CHECK(usm_clGetMemAllocInfoINTEL(context, at, 0x419B, sizeof start, &start, NULL));
  CHECK(usm_clGetMemAllocInfoINTEL(context, at, 0x419C, sizeof size, &size, NULL));
  CHECK(usm_clGetMemAllocInfoINTEL(context, at, 0x419D, sizeof of, &of, NULL));
  printf("%s: type %#x, base %s, size %zu, device %s\n", name, type, start == base ? "right" : "wrong", size,
         of == device ? "ours"
         : of         ? "another"
                      : "none");
}

int main(void) {
  open_usm();
  cl_int status;
  uint32_t* host = usm_clHostMemAllocINTEL(context, NULL, kBytes, 0, &status);
  CHECK(status);
  uint32_t* on_device = usm_clDeviceMemAllocINTEL(context, device, NULL, kBytes, 0, &status);
  CHECK(status);
  uint32_t* shared = usm_clSharedMemAllocINTEL(context, device, NULL, kBytes, 64, &status);
  CHECK(status);
  describe("host", host, host);
  describe("device, inside", on_device + 5, on_device);
  describe("shared", shared, shared);
  int local = 0;
  describe("the stack", &local, NULL);
  printf("size 0: %s", usm_clDeviceMemAllocINTEL(context, device, NULL, 0, 0, &status) ? "memory" : "none");
  printf(", %d\n", status);

  cl_kernel add = build_kernel(
      "kernel void add(global uint* a, global const uint* b) { a[get_global_id(0)] += b[get_global_id(0)]; }", "add");
  const size_t global = kCount;
  for (uint32_t i = 0; i < kCount; ++i) {
    host[i] = i;
    shared[i] = 3 * i;
  }
  CHECK(usm_clEnqueueMemcpyINTEL(queue, CL_FALSE, on_device, host, kBytes, 0, NULL, NULL));
  CHECK(usm_clSetKernelArgMemPointerINTEL(add, 0, on_device));
  CHECK(usm_clSetKernelArgMemPointerINTEL(add, 1, shared));
  CHECK(clEnqueueNDRangeKernel(queue, add, 1, NULL, &global, NULL, 0, NULL, NULL));
  CHECK(usm_clSetKernelArgMemPointerINTEL(add, 0, shared));
  CHECK(usm_clSetKernelArgMemPointerINTEL(add, 1, host));
  CHECK(clEnqueueNDRangeKernel(queue, add, 1, NULL, &global, NULL, 0, NULL, NULL));
  CHECK(clFinish(queue));
  uint32_t* plain = malloc(kBytes);
  CHECK(usm_clEnqueueMemcpyINTEL(queue, CL_TRUE, plain, on_device, kBytes, 0, NULL, NULL));
  int wrong = 0;
  for (uint32_t i = 0; i < kCount; ++i) wrong += plain[i] != 4 * i || shared[i] != 4 * i || host[i] != i;
  printf("%d wrong\n", wrong);

  const uint16_t pattern = 0xbeef;
  CHECK(usm_clEnqueueMemFillINTEL(queue, (char*)shared + 1000, &pattern, 2, 3000, 0, NULL, NULL));
  CHECK(usm_clEnqueueMemcpyINTEL(queue, CL_TRUE, host, shared, kBytes, 0, NULL, NULL));
  printf("filled: %#x %#x %#x %#x\n", shared[249], shared[250], shared[999], shared[1000]);
  printf("copied: %s\n", memcmp(host, shared, kBytes) ? "differs" : "equal");

  CHECK(usm_clEnqueueMemsetINTEL(queue, (char*)shared + 10, 0x1ab, 30, 0, NULL, NULL));
  printf("advice: %d\n", usm_clEnqueueMemAdviseINTEL(queue, shared, kBytes, 0, 0, NULL, NULL));
  CHECK(clFinish(queue));
  printf("set: %#x %#x %#x\n", shared[2], shared[5], shared[10]);
  CHECK(usm_clEnqueueMigrateMemINTEL(queue, shared, kBytes, CL_MIGRATE_MEM_OBJECT_HOST, 0, NULL, NULL));
  cl_event event;
  CHECK(usm_clEnqueueMemcpyINTEL(queue, CL_FALSE, plain, shared, 4000, 0, NULL, &event));
  CHECK(clWaitForEvents(1, &event));
  cl_command_type type;
  CHECK(clGetEventInfo(event, CL_EVENT_COMMAND_TYPE, sizeof type, &type, NULL));
  printf("type %#x, %s\n", type, memcmp(plain, shared, 4000) ? "differs" : "equal");

  // Between two places of the program's own.
  uint32_t* twin = calloc(1, kBytes);
  CHECK(usm_clEnqueueMemcpyINTEL(queue, CL_TRUE, twin, plain, kBytes, 0, NULL, NULL));
  printf("own to own: %s\n", memcmp(plain, twin, kBytes) ? "differs" : "equal");

  CHECK(usm_clMemBlockingFreeINTEL(context, shared));
  CHECK(usm_clMemFreeINTEL(context, on_device));
  CHECK(usm_clMemFreeINTEL(context, host));
  CHECK(usm_clMemFreeINTEL(context, NULL));
  return 0;
}
