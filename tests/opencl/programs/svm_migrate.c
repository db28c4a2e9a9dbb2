// Shared memory is asked to move to a device and back; whatever becomes of the wish, its contents stay.
#include "program.h"

int main(void) {
  open_device();
  cl_device_svm_capabilities svm = 0;
  clGetDeviceInfo(device, CL_DEVICE_SVM_CAPABILITIES, sizeof svm, &svm, NULL);
  if (svm == 0) return printf("no shared memory\n"), 0;
  enum { kCount = 5000 };
  uint32_t *a = clSVMAlloc(context, 0, kCount * 4, 0), *b = clSVMAlloc(context, 0, kCount * 4, 0);
  for (int i = 0; i < 2; ++i) {
    CHECK(clEnqueueSVMMap(queue, CL_TRUE, CL_MAP_WRITE, i ? b : a, kCount * 4, 0, NULL, NULL));
    for (uint32_t n = 0; n < kCount; ++n) (i ? b : a)[n] = n * 3 + (uint32_t)i;
    CHECK(clEnqueueSVMUnmap(queue, i ? b : a, 0, NULL, NULL));
  }
  const void* both[2] = {a, b + 10};
  const size_t sizes[2] = {0, 400}, much[2] = {0, kCount * 4};
  cl_event moved;
  CHECK(clEnqueueSVMMigrateMem(queue, 2, both, sizes, 0, 0, NULL, &moved));
  cl_command_type type;
  CHECK(clGetEventInfo(moved, CL_EVENT_COMMAND_TYPE, sizeof type, &type, NULL));
  printf("command: %x\n", type);
  CHECK(clEnqueueSVMMigrateMem(queue, 1, (const void**)&a, NULL, CL_MIGRATE_MEM_OBJECT_HOST, 1, &moved, NULL));
  CHECK(clFinish(queue));
  for (int i = 0; i < 2; ++i) {
    CHECK(clEnqueueSVMMap(queue, CL_TRUE, CL_MAP_READ, i ? b : a, kCount * 4, 0, NULL, NULL));
    printf("%08x\n", sum_of(i ? b : a, kCount));
    CHECK(clEnqueueSVMUnmap(queue, i ? b : a, 0, NULL, NULL));
  }
  printf("no addresses: %d\n", clEnqueueSVMMigrateMem(queue, 0, both, NULL, 0, 0, NULL, NULL));
  printf("no list: %d\n", clEnqueueSVMMigrateMem(queue, 1, NULL, NULL, 0, 0, NULL, NULL));
  printf("other flags: %d\n", clEnqueueSVMMigrateMem(queue, 1, both, NULL, 1 << 10, 0, NULL, NULL));
  printf("the stack: %d\n", clEnqueueSVMMigrateMem(queue, 1, (const void*[]){sizes}, NULL, 0, 0, NULL, NULL));
  printf("too much: %d\n", clEnqueueSVMMigrateMem(queue, 2, both, much, 0, 0, NULL, NULL));
  clSVMFree(context, a);
  clSVMFree(context, b);
  return 0;
}
