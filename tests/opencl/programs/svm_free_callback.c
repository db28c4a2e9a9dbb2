// clEnqueueSVMFree calls the program's own function, after the commands before it, with the pointers it was given.
#include <stdatomic.h>

#include "program.h"

static atomic_int calls;

static void CL_CALLBACK free_them(cl_command_queue from, cl_uint count, void* pointers[], void* user) {
  printf("called with %u pointers, same queue: %s\n", count, from == queue ? "yes" : "no");
  for (cl_uint i = 0; i < count; ++i) {
    if (pointers[i] != ((void**)user)[i]) printf("pointer %u differs\n", i);
    clSVMFree(context, pointers[i]);
  }
  atomic_fetch_add(&calls, 1);
}

int main(void) {
  open_device();
  void* pointers[3];
  static void* copy[3];
  for (int i = 0; i < 3; ++i) copy[i] = pointers[i] = clSVMAlloc(context, CL_MEM_READ_WRITE, 1000, 0);
  const char pattern = 5;
  CHECK(clEnqueueSVMMemFill(queue, pointers[0], &pattern, 1, 1000, 0, NULL, NULL));
  cl_event event;
  CHECK(clEnqueueSVMFree(queue, 3, pointers, free_them, copy, 0, NULL, &event));
  CHECK(clFlush(queue));
  CHECK(clWaitForEvents(1, &event));
  for (int i = 0; i < 500 && !atomic_load(&calls); ++i) usleep(10000);
  printf("calls: %d\n", atomic_load(&calls));
  void* plain = clSVMAlloc(context, CL_MEM_READ_WRITE, 1000, 0);
  CHECK(clEnqueueSVMFree(queue, 1, &plain, NULL, NULL, 0, NULL, NULL));
  CHECK(clFinish(queue));
  return 0;
}
