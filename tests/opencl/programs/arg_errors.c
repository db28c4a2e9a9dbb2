// Wrong arguments get their code at clSetKernelArg, missing ones at the launch; a refused one leaves the old value in place.
#include "program.h"

static const char* source =
    "typedef struct { int a; char b; } Pair;"
    "kernel void k(global int* out, int n, local int* scratch, Pair pair, sampler_t s) {"
    " scratch[0] = n; out[0] = scratch[0] + pair.a + pair.b; }"
    "kernel void empty() {}";

int main(void) {
  open_device();
  cl_program program = build(source, "");
  cl_kernel kernel = kernel_of(program, "k");
  cl_int value = 3;
  cl_long wide = 3;
  struct {
    int a;
    char b;
  } pair = {10, 20};
  cl_int status;
  cl_sampler sampler = clCreateSampler(context, CL_FALSE, CL_ADDRESS_NONE, CL_FILTER_NEAREST, &status);
  CHECK(status);
  cl_mem out = new_buffer(0, 4, NULL);
  const size_t one = 1;
  printf("nothing set: %d\n", clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &one, NULL, 0, NULL, NULL));
  printf("index 5: %d\n", clSetKernelArg(kernel, 5, 4, &value));
  printf("index 0 of an empty kernel: %d\n", clSetKernelArg(kernel_of(program, "empty"), 0, 4, &value));
  printf("int with 8 bytes: %d\n", clSetKernelArg(kernel, 1, 8, &wide));
  printf("int with 2 bytes: %d\n", clSetKernelArg(kernel, 1, 2, &value));
  printf("int without value: %d\n", clSetKernelArg(kernel, 1, 4, NULL));
  printf("buffer with 4 bytes: %d\n", clSetKernelArg(kernel, 0, 4, &out));
  printf("local with value: %d\n", clSetKernelArg(kernel, 2, 4, &value));
  printf("local of 0 bytes: %d\n", clSetKernelArg(kernel, 2, 0, NULL));
  printf("right: %d %d %d %d %d\n", clSetKernelArg(kernel, 0, sizeof out, &out), clSetKernelArg(kernel, 1, 4, &value),
         clSetKernelArg(kernel, 2, 64, NULL), clSetKernelArg(kernel, 3, sizeof pair, &pair), clSetKernelArg(kernel, 4, sizeof sampler, &sampler));
  printf("refused: %d\n", clSetKernelArg(kernel, 1, 8, &wide));
  CHECK(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &one, NULL, 0, NULL, NULL));
  CHECK(clEnqueueReadBuffer(queue, out, CL_TRUE, 0, 4, &value, 0, NULL, NULL));
  printf("result: %d\n", value);
  cl_kernel nulls = build_kernel("kernel void n(global int* a, constant int* b, global int* o) { o[0] = (a == 0) * 10 + (b == 0); }", "n");
  cl_mem none = NULL;
  printf("null buffers: %d %d\n", clSetKernelArg(nulls, 0, sizeof none, &none), clSetKernelArg(nulls, 1, sizeof none, NULL));
  CHECK(clSetKernelArg(nulls, 2, sizeof out, &out));
  CHECK(clEnqueueNDRangeKernel(queue, nulls, 1, NULL, &one, NULL, 0, NULL, NULL));
  CHECK(clEnqueueReadBuffer(queue, out, CL_TRUE, 0, 4, &value, 0, NULL, NULL));
  printf("kernel saw nulls: %d\n", value);
  cl_kernel images = build_kernel("kernel void i(read_only image2d_t from, write_only image2d_t to) {}", "i");
  const cl_image_format format = {CL_RGBA, CL_UNSIGNED_INT8};
  const cl_image_desc desc = {.image_type = CL_MEM_OBJECT_IMAGE2D, .image_width = 8, .image_height = 8};
  cl_mem to_read = clCreateImage(context, CL_MEM_READ_ONLY, &format, &desc, NULL, &status);
  CHECK(status);
  cl_mem to_write = clCreateImage(context, CL_MEM_WRITE_ONLY, &format, &desc, NULL, &status);
  CHECK(status);
  printf("images the wrong way: %d %d\n", clSetKernelArg(images, 0, sizeof to_write, &to_write),
         clSetKernelArg(images, 1, sizeof to_read, &to_read));
  printf("images: %d %d\n", clSetKernelArg(images, 0, sizeof to_read, &to_read),
         clSetKernelArg(images, 1, sizeof to_write, &to_write));
  return 0;
}
