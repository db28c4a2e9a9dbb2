// A pipe from one kernel to another, and what is said of it; a device without pipes says so.
#include "program.h"

static const char* const source =
    "kernel void give(write_only pipe uint out) { uint i = get_global_id(0); write_pipe(out, &i); }\n"
    "kernel void take(read_only pipe uint in, global uint* a) { uint i = 0;\n"
    "  if (read_pipe(in, &i) == 0) atomic_add(a, i + 1); }\n";

int main(void) {
  open_device();
  cl_int status;
  cl_bool pipes = CL_FALSE;
  clGetDeviceInfo(device, CL_DEVICE_PIPE_SUPPORT, sizeof pipes, &pipes, NULL);
  cl_mem pipe = clCreatePipe(context, CL_MEM_HOST_NO_ACCESS, 4, 256, NULL, &status);
  if (!pipes) return printf("no pipes: %d\n", status), 0;
  CHECK(status);
  cl_uint packet = 0, most = 0;
  cl_mem_object_type type = 0;
  size_t properties = 9;
  CHECK(clGetPipeInfo(pipe, CL_PIPE_PACKET_SIZE, sizeof packet, &packet, NULL));
  CHECK(clGetPipeInfo(pipe, CL_PIPE_MAX_PACKETS, sizeof most, &most, NULL));
  CHECK(clGetPipeInfo(pipe, CL_PIPE_PROPERTIES, 0, NULL, &properties));
  CHECK(clGetMemObjectInfo(pipe, CL_MEM_TYPE, sizeof type, &type, NULL));
  printf("type %x, packets of %u, %u of them, %zu bytes of properties\n", type, packet, most, properties);
  char value[64];
  printf("asked as an image: %d, as something else: %d\n", clGetImageInfo(pipe, CL_IMAGE_WIDTH, 64, value, NULL),
         clGetPipeInfo(pipe, 0xdead, 64, value, NULL));
  clCreatePipe(context, 0, 0, 16, NULL, &status);
  printf("packets of 0 bytes: %d\n", status);
  clCreatePipe(context, 0, 4, 0, NULL, &status);
  printf("no packets: %d\n", status);

  cl_program program = build(source, "-cl-std=CL3.0");
  cl_kernel give = kernel_of(program, "give"), take = kernel_of(program, "take");
  cl_uint zero = 0, sum = 0;
  cl_mem buffer = new_buffer(CL_MEM_COPY_HOST_PTR, 4, &zero);
  CHECK(clSetKernelArg(give, 0, sizeof pipe, &pipe));
  CHECK(clSetKernelArg(take, 0, sizeof pipe, &pipe));
  CHECK(clSetKernelArg(take, 1, sizeof buffer, &buffer));
  const size_t global = 100;
  CHECK(clEnqueueNDRangeKernel(queue, give, 1, NULL, &global, NULL, 0, NULL, NULL));
  CHECK(clEnqueueNDRangeKernel(queue, take, 1, NULL, &global, NULL, 0, NULL, NULL));
  CHECK(clEnqueueReadBuffer(queue, buffer, CL_TRUE, 0, 4, &sum, 0, NULL, NULL));
  printf("sum: %u\n", sum);
  return 0;
}
