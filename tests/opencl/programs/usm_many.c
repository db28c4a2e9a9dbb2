// What SYCL runtimes do: thousands of allocations freed in any order, chains of events in out-of-order queues, structures in device memory that point to others.
#include "usm.h"

typedef struct Job {
  uint32_t* in;
  uint32_t* out;
  uint32_t count, add;
} Job;

static uint32_t random_number(void) {
  static uint32_t state = 1;
  return state = state * 1664525 + 1013904223;
}

static void* allocate(int kind, size_t size, cl_uint alignment) {
  cl_int status;
  void* at = kind == 0   ? usm_clHostMemAllocINTEL(context, NULL, size, alignment, &status)
             : kind == 1 ? usm_clDeviceMemAllocINTEL(context, device, NULL, size, alignment, &status)
                         : usm_clSharedMemAllocINTEL(context, device, NULL, size, alignment, &status);
  CHECK(status);
  return at;
}

static void allocations(void) {
  enum { kLive = 300, kRounds = 3000 };
  static void* live[kLive];
  static uint32_t marks[kLive];
  int misaligned = 0, wrong = 0;
  for (int i = 0; i < kRounds; ++i) {
    int at = random_number() % kLive, kind = at % 3;
    if (live[at]) {
      uint32_t found = 0;
      if (kind == 1) CHECK(usm_clEnqueueMemcpyINTEL(queue, CL_TRUE, &found, live[at], 4, 0, NULL, NULL));
      if (kind != 1) found = *(uint32_t*)live[at];
      wrong += found != marks[at];
      CHECK(random_number() % 2 ? usm_clMemFreeINTEL(context, live[at]) : usm_clMemBlockingFreeINTEL(context, live[at]));
    }
    cl_uint alignment = 1u << (random_number() % 13);
    live[at] = allocate(kind, 1 + random_number() % 20000 + 4, alignment);
    misaligned += (uintptr_t)live[at] % alignment != 0;
    marks[at] = random_number();
    if (kind == 1) CHECK(usm_clEnqueueMemcpyINTEL(queue, CL_TRUE, live[at], &marks[at], 4, 0, NULL, NULL));
    if (kind != 1) *(uint32_t*)live[at] = marks[at];
  }
  for (int i = 0; i < kLive; ++i) CHECK(usm_clMemFreeINTEL(context, live[i]));
  printf("allocations: %d misaligned, %d wrong\n", misaligned, wrong);
}

static void chains(cl_command_queue loose, cl_kernel kernel) {
  enum { kChains = 20, kLinks = 15, kCount = 1000, kBytes = kCount * 4 };
  static uint32_t* memory[kChains][2];
  static uint32_t* result[kChains];
  cl_event last[kChains];
  const size_t global = kCount;
  for (int c = 0; c < kChains; ++c) {
    for (int i = 0; i < 2; ++i) memory[c][i] = allocate(1, kBytes, 0);
    result[c] = allocate(c % 2 ? 0 : 2, kBytes, 0);
    const uint32_t pattern = c;
    CHECK(usm_clEnqueueMemFillINTEL(loose, memory[c][0], &pattern, 4, kBytes, 0, NULL, &last[c]));
  }
  for (int l = 0; l < kLinks; ++l) {
    for (int c = 0; c < kChains; ++c) {
      cl_event done;
      CHECK(usm_clSetKernelArgMemPointerINTEL(kernel, 0, memory[c][l % 2]));
      CHECK(usm_clSetKernelArgMemPointerINTEL(kernel, 1, memory[c][(l + 1) % 2]));
      CHECK(clEnqueueNDRangeKernel(loose, kernel, 1, NULL, &global, NULL, 1, &last[c], &done));
      CHECK(clReleaseEvent(last[c]));
      last[c] = done;
    }
  }
  for (int c = 0; c < kChains; ++c) {
    cl_event copied;
    CHECK(usm_clEnqueueMemcpyINTEL(loose, CL_FALSE, result[c], memory[c][kLinks % 2], kBytes, 1, &last[c], &copied));
    CHECK(clReleaseEvent(last[c]));
    last[c] = copied;
  }
  CHECK(clWaitForEvents(kChains, last));
  int wrong = 0;
  for (int c = 0; c < kChains; ++c) {
    for (int i = 0; i < kCount; ++i) wrong += result[c][i] != (uint32_t)c + kLinks;
    CHECK(clReleaseEvent(last[c]));
    CHECK(usm_clMemFreeINTEL(context, result[c]));
    for (int i = 0; i < 2; ++i) CHECK(usm_clMemFreeINTEL(context, memory[c][i]));
  }
  printf("chains: %d wrong\n", wrong);
}

static void structures(cl_kernel kernel) {
  enum { kJobs = 16, kCount = 500, kBytes = kCount * 4 };
  Job jobs[kJobs];
  Job* there = allocate(1, sizeof jobs, 0);
  for (int j = 0; j < kJobs; ++j) {
    jobs[j] = (Job){allocate(j % 3, kBytes, 0), allocate(2, kBytes, 0), kCount, (uint32_t)j};
    const uint32_t pattern = 1000 * j;
    CHECK(usm_clEnqueueMemFillINTEL(queue, jobs[j].in, &pattern, 4, kBytes, 0, NULL, NULL));
  }
  CHECK(usm_clEnqueueMemcpyINTEL(queue, CL_FALSE, there, jobs, sizeof jobs, 0, NULL, NULL));
  const cl_bool yes = CL_TRUE;
  for (cl_uint kind = 0x4200; kind <= 0x4202; ++kind) CHECK(clSetKernelExecInfo(kernel, kind, sizeof yes, &yes));
  CHECK(usm_clSetKernelArgMemPointerINTEL(kernel, 0, there));
  const size_t global = kJobs;
  CHECK(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &global, NULL, 0, NULL, NULL));
  CHECK(clFinish(queue));
  int wrong = 0;
  for (int j = 0; j < kJobs; ++j) {
    for (int i = 0; i < kCount; ++i) wrong += jobs[j].out[i] != 1000u * j + j;
  }
  // The same once more, with the pointers named one by one.
  const void* named[2 * kJobs];
  for (int j = 0; j < kJobs; ++j) {
    named[2 * j] = jobs[j].in;
    named[2 * j + 1] = jobs[j].out;
    memset(jobs[j].out, 0, kBytes);
  }
  CHECK(clSetKernelExecInfo(kernel, 0x4203, sizeof named, named));
  CHECK(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &global, NULL, 0, NULL, NULL));
  for (int j = 0; j < kJobs; ++j) CHECK(usm_clMemBlockingFreeINTEL(context, jobs[j].in));  // waits for the kernel
  for (int j = 0; j < kJobs; ++j) {
    for (int i = 0; i < kCount; ++i) wrong += jobs[j].out[i] != 1000u * j + j;
    CHECK(usm_clMemFreeINTEL(context, jobs[j].out));
  }
  CHECK(usm_clMemFreeINTEL(context, there));
  printf("structures: %d wrong\n", wrong);
}

int main(void) {
  open_usm();
  cl_program program = build(
      "kernel void next(global const uint* a, global uint* b) { b[get_global_id(0)] = a[get_global_id(0)] + 1; }"
      "typedef struct Job { global uint* in; global uint* out; uint count, add; } Job;"
      "kernel void work(global Job* jobs) {"
      "  global Job* j = jobs + get_global_id(0); for (uint i = 0; i < j->count; ++i) j->out[i] = j->in[i] + j->add; }",
      "");
  allocations();
  chains(new_queue(CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE), kernel_of(program, "next"));
  structures(kernel_of(program, "work"));
  return 0;
}
