// The recorded copies and fills of buffers, images and shared memory, and the codes of commands that cannot be
// recorded.
#include "program.h"

typedef struct _cl_command_buffer_khr* Buffer;
typedef cl_uint Point;
#define ENDING cl_uint, const Point*, Point*, void*

static void* find(const char* name) { return clGetExtensionFunctionAddressForPlatform(platform, name); }

static cl_version version_of(const char* extension) {
  size_t size = 0;
  clGetDeviceInfo(device, CL_DEVICE_EXTENSIONS_WITH_VERSION, 0, NULL, &size);
  cl_name_version* all = calloc(1, size + 1);
  if (size) CHECK(clGetDeviceInfo(device, CL_DEVICE_EXTENSIONS_WITH_VERSION, size, all, NULL));
  for (size_t i = 0; i < size / sizeof *all; ++i) {
    if (strcmp(all[i].name, extension) == 0) return all[i].version;
  }
  return 0;
}

int main(void) {
  open_device();
  if (version_of("cl_khr_command_buffer") < CL_MAKE_VERSION(0, 9, 5)) return printf("no command buffers\n"), 0;
  Buffer (*create)(cl_uint, const cl_command_queue*, const cl_bitfield*, cl_int*) = find("clCreateCommandBufferKHR");
  cl_int (*finalize)(Buffer) = find("clFinalizeCommandBufferKHR");
  cl_int (*retain)(Buffer) = find("clRetainCommandBufferKHR");
  cl_int (*release)(Buffer) = find("clReleaseCommandBufferKHR");
  cl_int (*info)(Buffer, cl_uint, size_t, void*, size_t*) = find("clGetCommandBufferInfoKHR");
  cl_int (*run)(cl_uint, cl_command_queue*, Buffer, cl_uint, const cl_event*, cl_event*) =
      find("clEnqueueCommandBufferKHR");
  cl_int (*copy_rect)(Buffer, cl_command_queue, const cl_bitfield*, cl_mem, cl_mem, const size_t*, const size_t*,
                      const size_t*, size_t, size_t, size_t, size_t, ENDING) = find("clCommandCopyBufferRectKHR");
  cl_int (*to_image)(Buffer, cl_command_queue, const cl_bitfield*, cl_mem, cl_mem, size_t, const size_t*, const size_t*,
                     ENDING) = find("clCommandCopyBufferToImageKHR");
  cl_int (*copy_image)(Buffer, cl_command_queue, const cl_bitfield*, cl_mem, cl_mem, const size_t*, const size_t*,
                       const size_t*, ENDING) = find("clCommandCopyImageKHR");
  cl_int (*to_buffer)(Buffer, cl_command_queue, const cl_bitfield*, cl_mem, cl_mem, const size_t*, const size_t*,
                      size_t, ENDING) = find("clCommandCopyImageToBufferKHR");
  cl_int (*fill_image)(Buffer, cl_command_queue, const cl_bitfield*, cl_mem, const void*, const size_t*, const size_t*,
                       ENDING) = find("clCommandFillImageKHR");
  cl_int (*copy_shared)(Buffer, cl_command_queue, const cl_bitfield*, void*, const void*, size_t, ENDING) =
      find("clCommandSVMMemcpyKHR");
  cl_int (*fill_shared)(Buffer, cl_command_queue, const cl_bitfield*, void*, const void*, size_t, size_t, ENDING) =
      find("clCommandSVMMemFillKHR");

  cl_int status;
  static unsigned char bytes[256], back[256];
  for (int i = 0; i < 256; ++i) bytes[i] = (unsigned char)(i * 5 + 1);
  cl_mem a = new_buffer(CL_MEM_COPY_HOST_PTR, 256, bytes), b = new_buffer(CL_MEM_COPY_HOST_PTR, 256, bytes);
  const cl_image_format format = {CL_RGBA, CL_UNSIGNED_INT8};
  const cl_image_desc shape = {.image_type = CL_MEM_OBJECT_IMAGE2D, .image_width = 8, .image_height = 8};
  cl_mem one = clCreateImage(context, CL_MEM_COPY_HOST_PTR, &format, &shape, bytes, &status);
  CHECK(status);
  cl_mem two = clCreateImage(context, CL_MEM_COPY_HOST_PTR, &format, &shape, bytes, &status);
  CHECK(status);
  unsigned char *from = clSVMAlloc(context, 0, 256, 0), *to = clSVMAlloc(context, 0, 256, 0);
  CHECK(clEnqueueSVMMemcpy(queue, CL_TRUE, from, bytes, 256, 0, NULL, NULL));
  const size_t zero[3] = {0, 0, 0}, right[3] = {4, 0, 0}, box[3] = {4, 4, 1}, low[3] = {2, 3, 0}, far[3] = {8, 0, 0};
  const cl_uint color[4] = {9, 8, 7, 6}, pattern = 0x01020304;

  Buffer buffer = create(1, &queue, NULL, &status);
  CHECK(status);
  Point first, second;
  CHECK(copy_rect(buffer, NULL, NULL, a, b, zero, right, box, 16, 0, 16, 0, 0, NULL, &first, NULL));
  CHECK(to_image(buffer, NULL, NULL, b, one, 0, low, box, 1, &first, &second, NULL));
  CHECK(copy_image(buffer, NULL, NULL, one, two, low, zero, box, 1, &second, &first, NULL));
  CHECK(fill_image(buffer, NULL, NULL, two, color, right, (const size_t[]){4, 2, 1}, 1, &first, &second, NULL));
  CHECK(to_buffer(buffer, NULL, NULL, two, a, zero, (const size_t[]){8, 8, 1}, 0, 1, &second, NULL, NULL));
  CHECK(copy_shared(buffer, NULL, NULL, to, from, 128, 0, NULL, &first, NULL));
  CHECK(fill_shared(buffer, NULL, NULL, to + 128, &pattern, 4, 128, 1, &first, NULL, NULL));

  // What cannot be recorded leaves the buffer as it is.
  printf("past the end: %d\n", to_image(buffer, NULL, NULL, a, one, 250, zero, box, 0, NULL, NULL, NULL));
  printf("outside the image: %d %d\n", copy_image(buffer, NULL, NULL, one, two, far, zero, box, 0, NULL, NULL, NULL),
         fill_image(buffer, NULL, NULL, one, color, far, box, 0, NULL, NULL, NULL));
  printf("no such object: %d %d\n",
         copy_rect(buffer, NULL, NULL, NULL, b, zero, right, box, 16, 0, 16, 0, 0, NULL, NULL, NULL),
         to_buffer(buffer, NULL, NULL, NULL, a, zero, box, 0, 0, NULL, NULL, NULL));
  printf("no such buffer: %d\n", copy_shared(NULL, NULL, NULL, to, from, 128, 0, NULL, NULL, NULL));
  CHECK(finalize(buffer));
  printf("too late: %d\n", fill_image(buffer, NULL, NULL, one, color, zero, box, 0, NULL, NULL, NULL));
  cl_uint references = 0;
  CHECK(retain(buffer));
  CHECK(info(buffer, 0x1296, sizeof references, &references, NULL));
  CHECK(release(buffer));
  printf("references: %u, something else: %d\n", references,
         info(buffer, 0xdead, sizeof references, &references, NULL));

  CHECK(run(0, NULL, buffer, 0, NULL, NULL));
  CHECK(clEnqueueReadBuffer(queue, a, CL_TRUE, 0, 256, back, 0, NULL, NULL));
  printf("buffer: %08x\n", sum_of((uint32_t*)back, 64));
  CHECK(clEnqueueSVMMap(queue, CL_TRUE, CL_MAP_READ, to, 256, 0, NULL, NULL));
  printf("shared: %08x\n", sum_of((uint32_t*)to, 64));
  return 0;
}
