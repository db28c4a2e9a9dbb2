// A linked list in shared virtual memory: pointers inside the data hold on both sides.
#include "program.h"

typedef struct Node {
  struct Node* next;
  uint64_t value;
} Node;

static const char* source =
    "typedef struct Node { global struct Node* next; ulong value; } Node;"
    "kernel void walk(global Node* n, global ulong* out) { ulong s = 0; "
    "for (; n; n = n->next) { s = s * 3 + n->value; n->value += 100; } out[0] = s; }"
    "kernel void append(global Node* head, global Node* more) { while (head->next) head = head->next; head->next = more; }";

int main(void) {
  open_device();
  cl_device_svm_capabilities capabilities;
  CHECK(clGetDeviceInfo(device, CL_DEVICE_SVM_CAPABILITIES, sizeof capabilities, &capabilities, NULL));
  expect((capabilities & CL_DEVICE_SVM_COARSE_GRAIN_BUFFER) != 0, "coarse-grain buffers");
  cl_program program = build(source, "-cl-std=CL2.0");
  cl_kernel walk = kernel_of(program, "walk"), append = kernel_of(program, "append");
  Node* nodes = clSVMAlloc(context, CL_MEM_READ_WRITE, 100 * sizeof *nodes, 0);
  Node* more = clSVMAlloc(context, CL_MEM_READ_WRITE, 100 * sizeof *more, 0);
  uint64_t* out = clSVMAlloc(context, CL_MEM_READ_WRITE, 8, 0);
  CHECK(clEnqueueSVMMap(queue, CL_TRUE, CL_MAP_WRITE_INVALIDATE_REGION, nodes, 100 * sizeof *nodes, 0, NULL, NULL));
  CHECK(clEnqueueSVMMap(queue, CL_TRUE, CL_MAP_WRITE, more, 100 * sizeof *more, 0, NULL, NULL));
  for (int i = 0; i < 100; ++i) {
    nodes[i] = (Node){i < 99 ? &nodes[(i * 37 + 37) % 100] : NULL, (uint64_t)i};
    more[i] = (Node){i < 99 ? &more[i + 1] : NULL, 1000u + (uint64_t)i};
  }
  for (int i = 0; i < 99; ++i) nodes[(i * 37) % 100].next = &nodes[((i + 1) * 37) % 100];
  nodes[(99 * 37) % 100].next = NULL;
  CHECK(clEnqueueSVMUnmap(queue, nodes, 0, NULL, NULL));
  CHECK(clEnqueueSVMUnmap(queue, more, 0, NULL, NULL));
  const size_t one = 1;
  CHECK(clSetKernelArgSVMPointer(append, 0, nodes));
  CHECK(clSetKernelArgSVMPointer(append, 1, more));
  CHECK(clEnqueueNDRangeKernel(queue, append, 1, NULL, &one, NULL, 0, NULL, NULL));
  CHECK(clSetKernelArgSVMPointer(walk, 0, nodes));
  CHECK(clSetKernelArgSVMPointer(walk, 1, out));
  void* indirect[] = {more};
  CHECK(clSetKernelExecInfo(walk, CL_KERNEL_EXEC_INFO_SVM_PTRS, sizeof indirect, indirect));
  CHECK(clEnqueueNDRangeKernel(queue, walk, 1, NULL, &one, NULL, 0, NULL, NULL));
  CHECK(clEnqueueSVMMap(queue, CL_FALSE, CL_MAP_READ, out, 8, 0, NULL, NULL));
  CHECK(clEnqueueSVMMap(queue, CL_FALSE, CL_MAP_READ, nodes, 100 * sizeof *nodes, 0, NULL, NULL));
  CHECK(clEnqueueSVMMap(queue, CL_TRUE, CL_MAP_READ, more, 100 * sizeof *more, 0, NULL, NULL));
  uint64_t expected = 0, count = 0;
  for (Node* n = nodes; n; n = n->next, ++count) expected = expected * 3 + n->value - 100;
  printf("%llu nodes, ", (unsigned long long)count);
  expect(expected == out[0], "device and host walked the same list");
  CHECK(clEnqueueSVMUnmap(queue, out, 0, NULL, NULL));
  CHECK(clEnqueueSVMUnmap(queue, nodes, 0, NULL, NULL));
  CHECK(clEnqueueSVMUnmap(queue, more, 0, NULL, NULL));
  // A pointer into the middle of an allocation is an argument as good as its start.
  CHECK(clSetKernelArgSVMPointer(walk, 0, more + 90));
  CHECK(clEnqueueNDRangeKernel(queue, walk, 1, NULL, &one, NULL, 0, NULL, NULL));
  uint64_t tail = 0;
  CHECK(clEnqueueSVMMemcpy(queue, CL_TRUE, &tail, out, 8, 0, NULL, NULL));
  printf("tail: %llu\n", (unsigned long long)tail);
  CHECK(clFinish(queue));
  clSVMFree(context, nodes);
  clSVMFree(context, more);
  clSVMFree(context, out);
  return 0;
}
