// Memory that a kernel reaches only by pointers in memory, waited for by an event; written by the program behind a user
// event.
#include "usm.h"

typedef struct Node {
  struct Node* next;
  uint64_t value;
} Node;

int main(void) {
  open_usm();
  cl_int status;
  cl_program program = build(
      "typedef struct Node { global struct Node* next; ulong value; } Node;"
      "kernel void raise(global Node* n) { for (; n; n = n->next) n->value = n->value * 2 + 1; }",
      "-cl-std=CL2.0");
  cl_kernel raise = kernel_of(program, "raise");
  Node* nodes[60];
  for (int i = 0; i < 60; ++i) {
    nodes[i] = i % 2 ? usm_clSharedMemAllocINTEL(context, device, NULL, sizeof(Node), 0, &status)
                     : usm_clHostMemAllocINTEL(context, NULL, sizeof(Node), 0, &status);
    CHECK(status);
  }
  for (int i = 0; i < 60; ++i) *nodes[i] = (Node){i < 59 ? nodes[i + 1] : NULL, (uint64_t)i};
  const cl_bool yes = CL_TRUE;
  CHECK(clSetKernelExecInfo(raise, 0x4200, sizeof yes, &yes));
  CHECK(clSetKernelExecInfo(raise, 0x4202, sizeof yes, &yes));
  CHECK(usm_clSetKernelArgMemPointerINTEL(raise, 0, nodes[0]));
  const size_t one = 1;
  cl_event gate = user_event(), done;
  CHECK(clEnqueueNDRangeKernel(queue, raise, 1, NULL, &one, NULL, 1, &gate, &done));
  CHECK(clFlush(queue));
  nodes[7]->value = 1000;  // the launch has not begun: it must see this
  CHECK(clSetUserEventStatus(gate, CL_COMPLETE));
  CHECK(clWaitForEvents(1, &done));
  uint64_t sum = 0;
  for (Node* n = nodes[0]; n; n = n->next) sum = sum * 3 + n->value;
  printf("sum %llu\n", (unsigned long long)sum);
  // Two rounds without anything between them but the program's own write.
  CHECK(clEnqueueNDRangeKernel(queue, raise, 1, NULL, &one, NULL, 0, NULL, &done));
  while (status_of(done) != CL_COMPLETE) usleep(1000);
  nodes[3]->value = 5;
  CHECK(clEnqueueNDRangeKernel(queue, raise, 1, NULL, &one, NULL, 0, NULL, NULL));
  CHECK(clFinish(queue));
  printf("%llu %llu %llu\n", (unsigned long long)nodes[3]->value, (unsigned long long)nodes[4]->value,
         (unsigned long long)nodes[59]->value);
  for (int i = 0; i < 60; ++i) CHECK(usm_clMemFreeINTEL(context, nodes[i]));
  return 0;
}
