// Shared virtual memory: what is wrong with asking for it, mapping, copying and filling it.
#include "codes.h"

int main(void) {
  open_device();
  cl_device_svm_capabilities svm = 0;
  clGetDeviceInfo(device, CL_DEVICE_SVM_CAPABILITIES, sizeof svm, &svm, NULL);
  char own[256] = {0};
  if (svm == 0) {
    GIVES(1, clSVMAlloc(context, 0, 64, 0) == NULL);
    GIVES(CL_INVALID_OPERATION, clEnqueueSVMMemcpy(queue, CL_TRUE, own, own + 128, 64, 0, NULL, NULL));
    return end_of_codes();
  }
  cl_ulong most = 0;
  CHECK(clGetDeviceInfo(device, CL_DEVICE_MAX_MEM_ALLOC_SIZE, sizeof most, &most, NULL));
  GIVES(1, clSVMAlloc(context, 0, 0, 0) == NULL);
  GIVES(1, clSVMAlloc(context, 0, most + 1, 0) == NULL);
  GIVES(1, clSVMAlloc(context, 0, ~(size_t)0, 0) == NULL);
  GIVES(1, clSVMAlloc(context, 0, 64, 3) == NULL);
  GIVES(1, clSVMAlloc(context, (cl_svm_mem_flags)1 << 40, 64, 0) == NULL);
  GIVES(1, clSVMAlloc(context, CL_MEM_READ_ONLY | CL_MEM_WRITE_ONLY, 64, 0) == NULL);
  GIVES(1, clSVMAlloc(context, CL_MEM_SVM_ATOMICS, 64, 0) == NULL);
  clSVMFree(context, NULL);
  char* at = clSVMAlloc(context, 0, 4096, 0);
  GIVES(0, at == NULL);

#define MAP(flags, address, size) clEnqueueSVMMap(queue, CL_TRUE, flags, address, size, 0, NULL, NULL)
  GIVES(CL_INVALID_VALUE, MAP(CL_MAP_READ, NULL, 64));
  GIVES(CL_INVALID_VALUE, MAP(CL_MAP_READ, at, 0));
  GIVES(CL_INVALID_VALUE, MAP((cl_map_flags)1 << 20, at, 64));
  GIVES(CL_INVALID_VALUE, MAP(CL_MAP_WRITE_INVALIDATE_REGION | CL_MAP_READ, at, 64));
  GIVES(CL_INVALID_VALUE, clEnqueueSVMUnmap(queue, NULL, 0, NULL, NULL));
  GIVES(CL_SUCCESS, MAP(CL_MAP_READ, at + 64, 64));
  GIVES(CL_SUCCESS, clEnqueueSVMUnmap(queue, at + 64, 0, NULL, NULL));

#define COPY(to, from, size) clEnqueueSVMMemcpy(queue, CL_TRUE, to, from, size, 0, NULL, NULL)
  GIVES(CL_INVALID_VALUE, COPY(NULL, at, 64));
  GIVES(CL_INVALID_VALUE, COPY(at, NULL, 64));
  GIVES(CL_MEM_COPY_OVERLAP, COPY(at, at + 63, 64));
  GIVES(CL_MEM_COPY_OVERLAP, COPY(at + 63, at, 64));
  GIVES(CL_MEM_COPY_OVERLAP, COPY(own, own + 63, 64));
  GIVES(CL_SUCCESS, COPY(at, at + 64, 64));
  GIVES(CL_SUCCESS, COPY(at, at, 0));
  GIVES(CL_SUCCESS, COPY(at, own, 64));
  GIVES(CL_SUCCESS, COPY(own, at, 64));

#define FILL(to, pattern, pattern_size, size) clEnqueueSVMMemFill(queue, to, pattern, pattern_size, size, 0, NULL, NULL)
  GIVES(CL_INVALID_VALUE, FILL(NULL, own, 4, 64));
  GIVES(CL_INVALID_VALUE, FILL(at, NULL, 4, 64));
  GIVES(CL_INVALID_VALUE, FILL(at, own, 0, 64));
  GIVES(CL_INVALID_VALUE, FILL(at, own, 3, 63));
  GIVES(CL_INVALID_VALUE, FILL(at, own, 256, 512));
  GIVES(CL_INVALID_VALUE, FILL(at + 1, own, 4, 64));
  GIVES(CL_INVALID_VALUE, FILL(at, own, 4, 63));
  GIVES(CL_SUCCESS, FILL(at + 4, own, 4, 64));
  GIVES(CL_SUCCESS, FILL(at, own, 4, 0));

  void* nothing = NULL;
  GIVES(CL_INVALID_VALUE, clEnqueueSVMFree(queue, 1, NULL, NULL, NULL, 0, NULL, NULL));
  GIVES(CL_INVALID_VALUE, clEnqueueSVMFree(queue, 0, &nothing, NULL, NULL, 0, NULL, NULL));
  GIVES(CL_SUCCESS, clEnqueueSVMFree(queue, 1, (void**)&at, NULL, NULL, 0, NULL, NULL));

  // Parts of devices.
  cl_uint count = 0;
  cl_device_id parts[64];
#define PARTS(room, out, ...) \
  clCreateSubDevices(device, (cl_device_partition_property[]){__VA_ARGS__}, room, out, &count)
  GIVES(CL_INVALID_VALUE, clCreateSubDevices(device, NULL, 0, NULL, &count));
  GIVES(CL_INVALID_VALUE, PARTS(0, NULL, 0));
  GIVES(CL_INVALID_VALUE, PARTS(0, NULL, 0xdead, 1, 0));
  GIVES(CL_INVALID_VALUE, PARTS(0, parts, CL_DEVICE_PARTITION_EQUALLY, 1, 0));
  return end_of_codes();
}
