// Host access flags are kept at the call: what the program said it would not do gets a code.
#include "program.h"

int main(void) {
  open_device();
  uint32_t value = 5;
  cl_int status;
  cl_mem write_only = new_buffer(CL_MEM_HOST_WRITE_ONLY | CL_MEM_COPY_HOST_PTR, 4, &value);
  cl_mem read_only = new_buffer(CL_MEM_HOST_READ_ONLY | CL_MEM_COPY_HOST_PTR, 4, &value);
  cl_mem nothing = new_buffer(CL_MEM_HOST_NO_ACCESS, 4, NULL);
  printf("read of write-only: %d\n", clEnqueueReadBuffer(queue, write_only, CL_TRUE, 0, 4, &value, 0, NULL, NULL));
  printf("write of read-only: %d\n", clEnqueueWriteBuffer(queue, read_only, CL_TRUE, 0, 4, &value, 0, NULL, NULL));
  printf("read of nothing: %d\n", clEnqueueReadBuffer(queue, nothing, CL_TRUE, 0, 4, &value, 0, NULL, NULL));
  clEnqueueMapBuffer(queue, write_only, CL_TRUE, CL_MAP_READ, 0, 4, 0, NULL, NULL, &status);
  printf("map of write-only: %d\n", status);
  clEnqueueMapBuffer(queue, read_only, CL_TRUE, CL_MAP_WRITE, 0, 4, 0, NULL, NULL, &status);
  printf("map of read-only: %d\n", status);
  printf("copy: %d\n", clEnqueueCopyBuffer(queue, read_only, nothing, 0, 0, 4, 0, NULL, NULL));
  printf("read of read-only: %d, ", clEnqueueReadBuffer(queue, read_only, CL_TRUE, 0, 4, &value, 0, NULL, NULL));
  printf("%u\n", value);
  return 0;
}
