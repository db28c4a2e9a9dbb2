// Fills what it sees of a device with one kind of memory, and says how much that was and what ended it. With “hold” it
// keeps it until it gets a byte, with “meet” it waits for another before it begins.
#include "../programs/usm.h"

enum { kPiece = 8 << 20, kMost = 1 << 16 };
static void* made[kMost];

static cl_mem image(size_t size, cl_int* status) {
  const cl_image_format format = {CL_RGBA, CL_FLOAT};
  const cl_image_desc description = {
      .image_type = CL_MEM_OBJECT_IMAGE2D, .image_width = 1024, .image_height = size / 16 / 1024};
  return clCreateImage(context, CL_MEM_READ_WRITE, &format, &description, NULL, status);
}

static void* make(const char* kind, size_t size, cl_int* status) {
  *status = CL_OUT_OF_RESOURCES;
  if (!strcmp(kind, "buffer")) return clCreateBuffer(context, 0, size, NULL, status);
  if (!strcmp(kind, "image")) return image(size, status);
  if (!strcmp(kind, "svm")) return clSVMAlloc(context, CL_MEM_READ_WRITE, size, 0);
  if (!strcmp(kind, "usm-host")) return usm_clHostMemAllocINTEL(context, NULL, size, 0, status);
  if (!strcmp(kind, "usm-device")) return usm_clDeviceMemAllocINTEL(context, device, NULL, size, 0, status);
  if (!strcmp(kind, "usm-shared")) return usm_clSharedMemAllocINTEL(context, device, NULL, size, 0, status);
  return NULL;
}

static void drop(const char* kind, void* object) {
  if (!strcmp(kind, "buffer") || !strcmp(kind, "image")) {
    CHECK(clReleaseMemObject(object));
  } else if (!strcmp(kind, "svm")) {
    clSVMFree(context, object);
  } else {
    CHECK(usm_clMemFreeINTEL(context, object));
  }
}

static size_t fill(const char* kind, cl_int* status, int* count) {
  size_t sum = 0;
  // At last in small pieces, to the byte.
  for (size_t size = kPiece; size >= 1; size /= 2) {
    if (size < 1 << 20 && strcmp(kind, "buffer")) break;
    while (*count < kMost && (made[*count] = make(kind, size, status)) != NULL) {
      sum += size;
      ++*count;
    }
  }
  return sum;
}

static void expect_byte(char* byte) {
  if (read(0, byte, 1) != 1) _exit(2);
}

int main(int argc, char** argv) {
  const char* kind = argv[1];
  if (strncmp(kind, "usm", 3)) {
    open_device();
  } else {
    open_usm();
  }
  cl_ulong memory = 0, largest = 0;
  CHECK(clGetDeviceInfo(device, CL_DEVICE_GLOBAL_MEM_SIZE, sizeof memory, &memory, NULL));
  CHECK(clGetDeviceInfo(device, CL_DEVICE_MAX_MEM_ALLOC_SIZE, sizeof largest, &largest, NULL));
  const char* mode = argc > 2 ? argv[2] : "";
  char byte;
  if (!strcmp(mode, "meet")) {
    printf("open\n");
    expect_byte(&byte);
  }
  cl_int status = 0;
  int count = 0;
  size_t sum = fill(kind, &status, &count);
  cl_buffer_region region = {0, 4096};
  cl_int sub = CL_SUCCESS;
  cl_mem part = NULL;
  if (!strcmp(kind, "buffer")) {
    part = clCreateSubBuffer(made[0], 0, CL_BUFFER_CREATE_TYPE_REGION, &region, &sub);
    cl_uint pattern = 7;
    CHECK(clEnqueueFillBuffer(queue, part, &pattern, 4, 0, 4096, 0, NULL, NULL));
    CHECK(clFinish(queue));
  }
  printf("%llu %llu %zu %d %d\n", (unsigned long long)memory, (unsigned long long)largest, sum, status, sub);
  if (!strcmp(mode, "hold") || !strcmp(mode, "meet")) expect_byte(&byte);
  if (part) CHECK(clReleaseMemObject(part));
  while (count > 0) drop(kind, made[--count]);
  if (!strcmp(mode, "twice")) {
    size_t again = fill(kind, &status, &count);
    printf("%zu\n", again);
  }
  return 0;
}
