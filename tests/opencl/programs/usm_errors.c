// Unified shared memory: what is wrong with asking for it, freeing it and using it.
#include "codes.h"
#include "usm.h"

int main(void) {
  if (!find_usm()) return end_of_codes();
  char* host = usm_clHostMemAllocINTEL(context, NULL, 4096, 0, &status);
  CHECK(status);
  char* shared = usm_clSharedMemAllocINTEL(context, device, NULL, 4096, 0, &status);
  CHECK(status);
  char* plain = malloc(4096);
  cl_context other = another_context();
  cl_event foreign = event_of(other), user = user_event();
  cl_kernel kernel = build_kernel("kernel void k(global uint* a, uint n) { a[0] = n; }", "k");

  // Allocations.
#define KINDS(code, of, properties, size, alignment)                                        \
  MAKES(code, usm_clHostMemAllocINTEL(of, properties, size, alignment, &status));           \
  MAKES(code, usm_clDeviceMemAllocINTEL(of, device, properties, size, alignment, &status)); \
  MAKES(code, usm_clSharedMemAllocINTEL(of, device, properties, size, alignment, &status))
  KINDS(CL_INVALID_CONTEXT, NULL, NULL, 64, 0);
  KINDS(CL_INVALID_CONTEXT, (cl_context)queue, NULL, 64, 0);
  KINDS(CL_INVALID_BUFFER_SIZE, context, NULL, 0, 0);
  KINDS(CL_INVALID_VALUE, context, NULL, 64, 3);
  KINDS(CL_INVALID_PROPERTY, context, ((const cl_bitfield[]){0xdead, 1, 0}), 64, 0);
  MAKES(CL_INVALID_DEVICE, usm_clDeviceMemAllocINTEL(context, NULL, NULL, 64, 0, &status));
  MAKES(CL_INVALID_DEVICE, usm_clDeviceMemAllocINTEL(context, (cl_device_id)context, NULL, 64, 0, &status));
  GIVES(CL_INVALID_CONTEXT, usm_clMemFreeINTEL(NULL, host));
  GIVES(CL_INVALID_CONTEXT, usm_clMemBlockingFreeINTEL(NULL, host));
  char value[64];
  GIVES(CL_INVALID_CONTEXT, usm_clGetMemAllocInfoINTEL(NULL, host, 0x419A, sizeof value, value, NULL));
  GIVES(CL_INVALID_VALUE, usm_clGetMemAllocInfoINTEL(context, host, 0xdead, sizeof value, value, NULL));
  GIVES(CL_INVALID_VALUE, usm_clGetMemAllocInfoINTEL(context, host, 0x419A, 1, value, NULL));

  // Arguments.
  GIVES(CL_INVALID_KERNEL, usm_clSetKernelArgMemPointerINTEL(NULL, 0, host));
  GIVES(CL_INVALID_KERNEL, usm_clSetKernelArgMemPointerINTEL((cl_kernel)queue, 0, host));
  GIVES(CL_INVALID_ARG_INDEX, usm_clSetKernelArgMemPointerINTEL(kernel, 2, host));
  GIVES(CL_SUCCESS, usm_clSetKernelArgMemPointerINTEL(kernel, 0, host));

  // Commands.
#define COMMAND(call)                                                             \
  GIVES(CL_INVALID_COMMAND_QUEUE, WITH(NULL, 0, NULL, call));                     \
  GIVES(CL_INVALID_COMMAND_QUEUE, WITH((cl_command_queue)kernel, 0, NULL, call)); \
  GIVES(CL_INVALID_EVENT_WAIT_LIST, WITH(queue, 1, NULL, call));                  \
  GIVES(CL_INVALID_EVENT_WAIT_LIST, WITH(queue, 0, &user, call));                 \
  GIVES(CL_INVALID_CONTEXT, WITH(queue, 1, &foreign, call));                      \
  GIVES(CL_SUCCESS, WITH(queue, 0, NULL, call))
#define WITH(queue_, n_, list_, call) \
  ({                                  \
    cl_command_queue on = queue_;     \
    cl_uint n = n_;                   \
    const cl_event* list = list_;     \
    call;                             \
  })
  COMMAND(usm_clEnqueueMemsetINTEL(on, host, 1, 64, n, list, NULL));
  COMMAND(usm_clEnqueueMemFillINTEL(on, host, value, 4, 64, n, list, NULL));
  COMMAND(usm_clEnqueueMemcpyINTEL(on, CL_FALSE, host, plain, 64, n, list, NULL));
  COMMAND(usm_clEnqueueMigrateMemINTEL(on, shared, 64, CL_MIGRATE_MEM_OBJECT_HOST, n, list, NULL));
  GIVES(CL_INVALID_COMMAND_QUEUE, usm_clEnqueueMemAdviseINTEL(NULL, host, 64, 0, 0, NULL, NULL));
  GIVES(CL_INVALID_EVENT_WAIT_LIST, usm_clEnqueueMemAdviseINTEL(queue, host, 64, 0, 1, NULL, NULL));
  GIVES(CL_INVALID_VALUE, usm_clEnqueueMemFillINTEL(queue, host, NULL, 4, 64, 0, NULL, NULL));
  GIVES(CL_INVALID_VALUE, usm_clEnqueueMemFillINTEL(queue, host, value, 3, 63, 0, NULL, NULL));
  GIVES(CL_INVALID_VALUE, usm_clEnqueueMemFillINTEL(queue, host, value, 4, 63, 0, NULL, NULL));
  GIVES(CL_INVALID_VALUE, usm_clEnqueueMemcpyINTEL(queue, CL_FALSE, NULL, host, 64, 0, NULL, NULL));
  GIVES(CL_INVALID_VALUE, usm_clEnqueueMemcpyINTEL(queue, CL_FALSE, host, NULL, 64, 0, NULL, NULL));
  GIVES(CL_MEM_COPY_OVERLAP, usm_clEnqueueMemcpyINTEL(queue, CL_FALSE, host, host + 8, 64, 0, NULL, NULL));
  GIVES(CL_SUCCESS, clSetUserEventStatus(user, CL_COMPLETE));
  return end_of_codes();
}
