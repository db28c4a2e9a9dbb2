// Images of every kind: written, filled, copied, mapped with the pitches that the map tells, and read by kernels.
#include "program.h"

static void report(const char* label, const void* bytes, size_t count) { printf("%s: %08x\n", label, sum_of(bytes, count / 4)); }

static cl_mem image_of(cl_mem_object_type type, size_t w, size_t h, size_t d, size_t layers, cl_mem_flags flags, void* host, size_t row) {
  const cl_image_format format = {CL_RGBA, CL_UNSIGNED_INT8};
  const cl_image_desc description = {.image_type = type, .image_width = w, .image_height = h, .image_depth = d, .image_array_size = layers, .image_row_pitch = row};
  cl_int status;
  cl_mem image = clCreateImage(context, flags, &format, &description, host, &status);
  CHECK(status);
  return image;
}

// Reads through a map, row by row, so that the driver's choice of pitches does not show.
static void through_map(const char* label, cl_mem image, const size_t origin[3], const size_t region[3]) {
  static unsigned char packed[1 << 16];
  size_t row, slice = 0, used = 0;
  cl_int status;
  const char* start = clEnqueueMapImage(queue, image, CL_TRUE, CL_MAP_READ, origin, region, &row, &slice, 0, NULL, NULL, &status);
  CHECK(status);
  for (size_t z = 0; z < region[2]; ++z)
    for (size_t y = 0; y < region[1]; ++y, used += region[0] * 4) memcpy(packed + used, start + z * slice + y * (region[2] > 1 || region[1] > 1 ? row : 0), region[0] * 4);
  CHECK(clEnqueueUnmapMemObject(queue, image, (void*)start, 0, NULL, NULL));
  report(label, packed, used);
}

int main(void) {
  open_device();
  cl_bool images;
  CHECK(clGetDeviceInfo(device, CL_DEVICE_IMAGE_SUPPORT, sizeof images, &images, NULL));
  if (!images) return printf("no images\n"), 0;
  static unsigned char data[64 * 64 * 4 * 4], back[sizeof data];
  for (size_t i = 0; i < sizeof data; ++i) data[i] = (unsigned char)(i * 7 >> 2);
  const size_t zero[3] = {0, 0, 0}, plane[3] = {50, 40, 1}, part[3] = {20, 10, 1}, at[3] = {5, 7, 0};

  cl_mem flat = image_of(CL_MEM_OBJECT_IMAGE2D, 50, 40, 0, 0, CL_MEM_COPY_HOST_PTR, data, 64 * 4);
  CHECK(clEnqueueReadImage(queue, flat, CL_TRUE, zero, plane, 0, 0, back, 0, NULL, NULL));
  report("2D, host pitch", back, 50 * 40 * 4);
  CHECK(clEnqueueReadImage(queue, flat, CL_TRUE, at, part, 256, 0, back, 0, NULL, NULL));
  report("2D, part with pitch", back, 256 * 9 + 80);
  through_map("2D, mapped part", flat, at, part);
  size_t row, slice = 99;
  cl_int status;
  unsigned char* mapped = clEnqueueMapImage(queue, flat, CL_TRUE, CL_MAP_WRITE, at, part, &row, &slice, 0, NULL, NULL, &status);
  CHECK(status);
  printf("2D, slice pitch: %zu\n", slice);
  for (size_t y = 0; y < 10; ++y) memset(mapped + y * row, (int)y + 1, 80);
  CHECK(clEnqueueUnmapMemObject(queue, flat, mapped, 0, NULL, NULL));
  CHECK(clEnqueueReadImage(queue, flat, CL_TRUE, zero, plane, 0, 0, back, 0, NULL, NULL));
  report("2D, after a map for writing", back, 50 * 40 * 4);

  cl_mem volume = image_of(CL_MEM_OBJECT_IMAGE3D, 16, 8, 4, 0, 0, NULL, 0);
  const size_t box[3] = {16, 8, 4}, inner[3] = {5, 4, 2}, corner[3] = {1, 2, 1};
  CHECK(clEnqueueWriteImage(queue, volume, CL_FALSE, zero, box, 128, 2048, data, 0, NULL, NULL));
  CHECK(clEnqueueReadImage(queue, volume, CL_TRUE, zero, box, 0, 0, back, 0, NULL, NULL));
  report("3D, pitches", back, 16 * 8 * 4 * 4);
  const cl_uint color[4] = {1, 2, 3, 250};
  CHECK(clEnqueueFillImage(queue, volume, color, corner, inner, 0, NULL, NULL));
  through_map("3D, filled", volume, zero, box);
  through_map("3D, mapped part", volume, corner, inner);

  cl_mem layers = image_of(CL_MEM_OBJECT_IMAGE2D_ARRAY, 16, 8, 0, 4, 0, NULL, 0);
  CHECK(clEnqueueCopyImage(queue, volume, layers, zero, zero, box, 0, NULL, NULL));
  CHECK(clEnqueueReadImage(queue, layers, CL_TRUE, zero, box, 0, 0, back, 0, NULL, NULL));
  report("2D array, copied", back, 16 * 8 * 4 * 4);

  cl_mem line = image_of(CL_MEM_OBJECT_IMAGE1D, 64, 0, 0, 0, CL_MEM_COPY_HOST_PTR, data, 0);
  const size_t strip[3] = {30, 1, 1}, start[3] = {10, 0, 0};
  CHECK(clEnqueueReadImage(queue, line, CL_TRUE, start, strip, 0, 0, back, 0, NULL, NULL));
  report("1D, part", back, 120);
  through_map("1D, mapped part", line, start, strip);
  cl_mem lines = image_of(CL_MEM_OBJECT_IMAGE1D_ARRAY, 16, 0, 0, 5, 0, NULL, 0);
  const size_t rows[3] = {16, 5, 1};
  CHECK(clEnqueueWriteImage(queue, lines, CL_TRUE, zero, rows, 100, 0, data, 0, NULL, NULL));
  CHECK(clEnqueueReadImage(queue, lines, CL_TRUE, zero, rows, 0, 0, back, 0, NULL, NULL));
  report("1D array, pitch", back, 16 * 5 * 4);

  cl_mem buffer = new_buffer(0, sizeof data, NULL);
  CHECK(clEnqueueCopyImageToBuffer(queue, flat, buffer, at, part, 16, 0, NULL, NULL));
  CHECK(clEnqueueReadBuffer(queue, buffer, CL_TRUE, 16, 800, back, 0, NULL, NULL));
  report("image to buffer", back, 800);
  CHECK(clEnqueueCopyBufferToImage(queue, buffer, flat, 16, zero, part, 0, NULL, NULL));
  through_map("buffer to image", flat, zero, plane);

  cl_mem target = image_of(CL_MEM_OBJECT_IMAGE2D, 50, 40, 0, 0, CL_MEM_WRITE_ONLY, NULL, 0);
  cl_kernel kernel = build_kernel(
      "kernel void mirror(read_only image2d_t a, write_only image2d_t b, sampler_t s) {"
      " int x = get_global_id(0), y = get_global_id(1);"
      " write_imageui(b, (int2)(x, y), read_imageui(a, s, (int2)(get_image_width(a) - 1 - x, y + 3)) + 1); }",
      "mirror");
  cl_sampler sampler = clCreateSampler(context, CL_FALSE, CL_ADDRESS_CLAMP, CL_FILTER_NEAREST, &status);
  CHECK(status);
  CHECK(clSetKernelArg(kernel, 0, sizeof flat, &flat));
  CHECK(clSetKernelArg(kernel, 1, sizeof target, &target));
  CHECK(clSetKernelArg(kernel, 2, sizeof sampler, &sampler));
  CHECK(clEnqueueNDRangeKernel(queue, kernel, 2, NULL, plane, NULL, 0, NULL, NULL));
  through_map("kernel with sampler", target, zero, plane);
  size_t width, pitch;
  CHECK(clGetImageInfo(flat, CL_IMAGE_WIDTH, sizeof width, &width, NULL));
  CHECK(clGetImageInfo(volume, CL_IMAGE_ELEMENT_SIZE, sizeof pitch, &pitch, NULL));
  printf("width %zu, element %zu\n", width, pitch);
  const size_t outside[3] = {45, 0, 0};
  printf("outside: %d\n", clEnqueueReadImage(queue, flat, CL_TRUE, outside, part, 0, 0, back, 0, NULL, NULL));
  return 0;
}
