// Command buffers: recorded with sync points, run more than once, and what the API answers to misuse.
#include "program.h"

typedef struct _cl_command_buffer_khr* Buffer;
typedef cl_uint Point;

static Buffer (*create)(cl_uint, const cl_command_queue*, const cl_bitfield*, cl_int*);
static cl_int (*finalize)(Buffer);
static cl_int (*release)(Buffer);
static cl_int (*enqueue)(cl_uint, cl_command_queue*, Buffer, cl_uint, const cl_event*, cl_event*);
static cl_int (*info)(Buffer, cl_uint, size_t, void*, size_t*);
static cl_int (*copy)(Buffer, cl_command_queue, const cl_bitfield*, cl_mem, cl_mem, size_t, size_t, size_t, cl_uint,
                      const Point*, Point*, void*);
static cl_int (*fill)(Buffer, cl_command_queue, const cl_bitfield*, cl_mem, const void*, size_t, size_t, size_t, cl_uint,
                      const Point*, Point*, void*);
static cl_int (*launch)(Buffer, cl_command_queue, const cl_bitfield*, cl_kernel, cl_uint, const size_t*, const size_t*,
                        const size_t*, cl_uint, const Point*, Point*, void*);
static cl_int (*barrier)(Buffer, cl_command_queue, const cl_bitfield*, cl_uint, const Point*, Point*, void*);

static void* find(const char* name) { return clGetExtensionFunctionAddressForPlatform(platform, name); }

static cl_uint number(Buffer buffer, cl_uint param) {
  cl_uint value = 0;
  CHECK(info(buffer, param, sizeof value, &value, NULL));
  return value;
}

int main(void) {
  open_device();
  // The functions have these parameters since version 0.9.5.
  size_t size = 0;
  clGetDeviceInfo(device, CL_DEVICE_EXTENSIONS_WITH_VERSION, 0, NULL, &size);
  cl_name_version* extensions = malloc(size + 1);
  cl_version version = 0;
  if (size) CHECK(clGetDeviceInfo(device, CL_DEVICE_EXTENSIONS_WITH_VERSION, size, extensions, NULL));
  for (size_t i = 0; i < size / sizeof *extensions; ++i) {
    if (strcmp(extensions[i].name, "cl_khr_command_buffer") == 0) version = extensions[i].version;
  }
  if (version < CL_MAKE_VERSION(0, 9, 5)) return printf("no command buffers\n"), 0;
  create = find("clCreateCommandBufferKHR");
  finalize = find("clFinalizeCommandBufferKHR");
  release = find("clReleaseCommandBufferKHR");
  enqueue = find("clEnqueueCommandBufferKHR");
  info = find("clGetCommandBufferInfoKHR");
  copy = find("clCommandCopyBufferKHR");
  fill = find("clCommandFillBufferKHR");
  launch = find("clCommandNDRangeKernelKHR");
  barrier = find("clCommandBarrierWithWaitListKHR");

  enum { kCount = 1000 };
  cl_int status;
  cl_mem a = new_buffer(0, kCount * 4, NULL), b = new_buffer(0, kCount * 4, NULL), c = new_buffer(0, kCount * 4, NULL);
  cl_kernel kernel = build_kernel("kernel void add(global uint* a, uint n) { a[get_global_id(0)] += n; }", "add");
  const cl_bitfield properties[] = {0x1293, 1, 0};  // may run again while it runs
  Buffer buffer = create(1, &queue, properties, &status);
  CHECK(status);
  printf("state %u, %u queue, %u reference\n", number(buffer, 0x1297), number(buffer, 0x1295), number(buffer, 0x1296));
  printf("run before it is final: %d\n", enqueue(0, NULL, buffer, 0, NULL, NULL));
  Point filled, first, second, copied;
  const cl_uint pattern = 7, one = 1, two = 2;
  const size_t global = kCount;
  CHECK(fill(buffer, NULL, NULL, b, &pattern, 4, 0, kCount * 4, 0, NULL, &filled, NULL));
  CHECK(clSetKernelArg(kernel, 0, sizeof a, &a));
  CHECK(clSetKernelArg(kernel, 1, sizeof one, &one));
  CHECK(launch(buffer, NULL, NULL, kernel, 1, NULL, &global, NULL, 0, NULL, &first, NULL));
  CHECK(clSetKernelArg(kernel, 0, sizeof b, &b));
  CHECK(clSetKernelArg(kernel, 1, sizeof two, &two));
  const Point both[] = {filled, first};
  CHECK(launch(buffer, NULL, NULL, kernel, 1, NULL, &global, NULL, 2, both, &second, NULL));
  CHECK(barrier(buffer, NULL, NULL, 1, &second, NULL, NULL));
  CHECK(copy(buffer, NULL, NULL, b, c, 0, 0, kCount * 2, 1, &second, &copied, NULL));
  CHECK(copy(buffer, NULL, NULL, a, c, 0, kCount * 2, kCount * 2, 1, &copied, NULL, NULL));
  const Point wrong = 4000000;
  printf("a sync point that is none: %d\n", barrier(buffer, NULL, NULL, 1, &wrong, NULL, NULL));
  printf("a queue of its own: %d\n", barrier(buffer, queue, NULL, 0, NULL, NULL, NULL));
  printf("out of range: %d\n", copy(buffer, NULL, NULL, a, c, 0, kCount * 4, 4, 0, NULL, NULL, NULL));
  CHECK(finalize(buffer));
  printf("state %u\n", number(buffer, 0x1297));
  printf("final twice: %d, recorded late: %d\n", finalize(buffer), barrier(buffer, NULL, NULL, 0, NULL, NULL, NULL));
  const cl_uint hundred = 100;
  CHECK(clEnqueueFillBuffer(queue, a, &hundred, 4, 0, kCount * 4, 0, NULL, NULL));
  cl_event gate = user_event(), done;
  CHECK(enqueue(0, NULL, buffer, 1, &gate, NULL));
  CHECK(enqueue(1, &queue, buffer, 0, NULL, NULL));
  CHECK(enqueue(0, NULL, buffer, 0, NULL, &done));
  CHECK(clFlush(queue));
  CHECK(clSetUserEventStatus(gate, CL_COMPLETE));
  CHECK(clWaitForEvents(1, &done));
  cl_command_type type;
  CHECK(clGetEventInfo(done, CL_EVENT_COMMAND_TYPE, sizeof type, &type, NULL));
  cl_uint* back = malloc(kCount * 4);
  CHECK(clEnqueueReadBuffer(queue, c, CL_TRUE, 0, kCount * 4, back, 0, NULL, NULL));
  printf("type %#x: %u %u %u %u\n", type, back[0], back[kCount / 2 - 1], back[kCount / 2], back[kCount - 1]);
  CHECK(release(buffer));
  const cl_bitfield unknown[] = {0x9999, 1, 0};
  buffer = create(1, &queue, unknown, &status);
  printf("unknown property: %d, ", status);
  buffer = create(0, NULL, NULL, &status);
  printf("no queue: %d\n", status);
  return 0;
}
