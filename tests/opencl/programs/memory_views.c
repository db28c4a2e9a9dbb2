// Views of one memory: images of a buffer and sub-buffers, mapped side by side; and maps that are refused.
#include "program.h"

static cl_mem image_on(cl_mem_object_type type, cl_mem base, size_t width, size_t height, cl_int* status) {
  const cl_image_format format = {CL_RGBA, CL_UNSIGNED_INT8};
  cl_image_desc description = {.image_type = type, .image_width = width, .image_height = height};
  description.mem_object = base;
  return clCreateImage(context, 0, &format, &description, NULL, status);
}

int main(void) {
  open_device();
  static uint32_t data[4096];
  for (uint32_t i = 0; i < 4096; ++i) data[i] = i * 3;
  cl_mem buffer = new_buffer(CL_MEM_COPY_HOST_PTR, sizeof data, data);
  cl_int status;
  cl_mem line = image_on(CL_MEM_OBJECT_IMAGE1D_BUFFER, buffer, 4096, 0, &status);
  CHECK(status);
  cl_mem of;
  CHECK(clGetMemObjectInfo(line, CL_MEM_ASSOCIATED_MEMOBJECT, sizeof of, &of, NULL));
  expect(of == buffer, "the image names its buffer");
  const size_t origin[3] = {100, 0, 0}, region[3] = {50, 1, 1};
  size_t row;
  uint32_t* mapped = clEnqueueMapImage(queue, line, CL_TRUE, CL_MAP_READ | CL_MAP_WRITE, origin, region, &row, NULL, 0, NULL, NULL, &status);
  CHECK(status);
  printf("%u %u\n", mapped[0], mapped[49]);
  mapped[7] = 77;
  CHECK(clEnqueueUnmapMemObject(queue, line, mapped, 0, NULL, NULL));
  uint32_t* whole = clEnqueueMapBuffer(queue, buffer, CL_TRUE, CL_MAP_READ, 0, sizeof data, 0, NULL, NULL, &status);
  CHECK(status);
  printf("%u %u\n", whole[107], whole[108]);
  printf("unmap of another pointer: %d\n", clEnqueueUnmapMemObject(queue, buffer, whole + 1, 0, NULL, NULL));
  cl_event event;
  CHECK(clEnqueueUnmapMemObject(queue, buffer, whole, 0, NULL, &event));
  printf("unmap again: %d\n", clEnqueueUnmapMemObject(queue, buffer, whole, 0, NULL, NULL));
  CHECK(clWaitForEvents(1, &event));
  cl_command_type type;
  CHECK(clGetEventInfo(event, CL_EVENT_COMMAND_TYPE, sizeof type, &type, NULL));
  expect(type == CL_COMMAND_UNMAP_MEM_OBJECT, "an unmap's event says so");
  clEnqueueMapBuffer(queue, buffer, CL_TRUE, CL_MAP_READ, 8, sizeof data, 0, NULL, NULL, &status);
  printf("map past the end: %d\n", status);
  const size_t past[3] = {4090, 0, 0};
  clEnqueueMapImage(queue, line, CL_TRUE, CL_MAP_READ, past, region, &row, NULL, 0, NULL, NULL, &status);
  printf("an image mapped past its end: %d\n", status);

  // A map that fetches nothing takes its place in the queue, also behind a user's event, and brings what is written.
  cl_event gate = user_event(), ready;
  whole = clEnqueueMapBuffer(queue, buffer, CL_FALSE, CL_MAP_WRITE_INVALIDATE_REGION, 0, sizeof data, 1, &gate, &ready, &status);
  CHECK(status);
  printf("before its turn: %s\n", status_of(ready) > CL_COMPLETE ? "not ready" : "ready");
  CHECK(clSetUserEventStatus(gate, CL_COMPLETE));
  CHECK(clWaitForEvents(1, &ready));
  for (uint32_t i = 0; i < 4096; ++i) whole[i] = i ^ 5;
  CHECK(clEnqueueUnmapMemObject(queue, buffer, whole, 0, NULL, NULL));
  const size_t zero[3] = {0, 0, 0}, all[3] = {4096, 1, 1};
  memset(data, 0, sizeof data);
  CHECK(clEnqueueReadImage(queue, line, CL_TRUE, zero, all, 0, 0, data, 0, NULL, NULL));
  printf("through the image: %u %u, %08x\n", data[100], data[4095], sum_of(data, 4096));
  cl_uint maps;
  CHECK(clGetMemObjectInfo(buffer, CL_MEM_MAP_COUNT, sizeof maps, &maps, NULL));
  printf("maps left: %u\n", maps);
  CHECK(clReleaseMemObject(buffer));
  CHECK(clEnqueueReadImage(queue, line, CL_TRUE, zero, all, 0, 0, data, 0, NULL, NULL));
  printf("after the buffer's release: %u\n", data[17]);
  return 0;
}
