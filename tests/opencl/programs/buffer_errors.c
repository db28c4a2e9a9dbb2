// Buffers: flags, sizes, ranges, boxes and copies that are wrong are refused at the call.
#include "codes.h"

enum { kSize = 4096 };

int main(void) {
  open_device();
  static char data[kSize];
  cl_mem buffer = new_buffer(0, kSize, NULL), other = new_buffer(0, 64, NULL);
  const size_t align = device_number(CL_DEVICE_MEM_BASE_ADDR_ALIGN) / 8, huge = ~(size_t)0;
  cl_ulong most = 0;
  CHECK(clGetDeviceInfo(device, CL_DEVICE_MAX_MEM_ALLOC_SIZE, sizeof most, &most, NULL));

  // Creation.
  MAKES(CL_INVALID_BUFFER_SIZE, clCreateBuffer(context, 0, 0, NULL, &status));
  MAKES(CL_INVALID_BUFFER_SIZE, clCreateBuffer(context, 0, most + 1, NULL, &status));
  MAKES(CL_INVALID_BUFFER_SIZE, clCreateBuffer(context, 0, huge, NULL, &status));
  MAKES(CL_INVALID_VALUE, clCreateBuffer(context, (cl_mem_flags)1 << 40, 64, NULL, &status));
  MAKES(CL_INVALID_VALUE, clCreateBuffer(context, CL_MEM_READ_WRITE | CL_MEM_READ_ONLY, 64, NULL, &status));
  MAKES(CL_INVALID_VALUE, clCreateBuffer(context, CL_MEM_WRITE_ONLY | CL_MEM_READ_ONLY, 64, NULL, &status));
  MAKES(CL_INVALID_VALUE, clCreateBuffer(context, CL_MEM_HOST_READ_ONLY | CL_MEM_HOST_WRITE_ONLY, 64, NULL, &status));
  MAKES(CL_INVALID_VALUE, clCreateBuffer(context, CL_MEM_HOST_READ_ONLY | CL_MEM_HOST_NO_ACCESS, 64, NULL, &status));
  MAKES(CL_INVALID_VALUE, clCreateBuffer(context, CL_MEM_USE_HOST_PTR | CL_MEM_COPY_HOST_PTR, 64, data, &status));
  MAKES(CL_INVALID_VALUE, clCreateBuffer(context, CL_MEM_USE_HOST_PTR | CL_MEM_ALLOC_HOST_PTR, 64, data, &status));
  MAKES(CL_INVALID_HOST_PTR, clCreateBuffer(context, CL_MEM_USE_HOST_PTR, 64, NULL, &status));
  MAKES(CL_INVALID_HOST_PTR, clCreateBuffer(context, CL_MEM_COPY_HOST_PTR, 64, NULL, &status));
  MAKES(CL_INVALID_HOST_PTR, clCreateBuffer(context, CL_MEM_ALLOC_HOST_PTR, 64, data, &status));
  MAKES(CL_INVALID_HOST_PTR, clCreateBuffer(context, 0, 64, data, &status));
  MAKES(CL_SUCCESS, clCreateBuffer(context, CL_MEM_ALLOC_HOST_PTR | CL_MEM_COPY_HOST_PTR, 64, data, &status));
  MAKES(CL_INVALID_PROPERTY,
        clCreateBufferWithProperties(context, (cl_mem_properties[]){0xdead, 1, 0}, 0, 64, NULL, &status));
  MAKES(CL_SUCCESS, clCreateBufferWithProperties(context, (cl_mem_properties[]){0}, 0, 64, NULL, &status));

  // Parts.
#define PART(of, flags, ...) \
  clCreateSubBuffer(of, flags, CL_BUFFER_CREATE_TYPE_REGION, &(cl_buffer_region){__VA_ARGS__}, &status)
  MAKES(CL_INVALID_VALUE, PART(buffer, 0, 0, kSize + 1));
  MAKES(CL_INVALID_VALUE, PART(buffer, 0, kSize, 1));
  MAKES(CL_INVALID_VALUE, PART(buffer, 0, align, huge));
  MAKES(CL_INVALID_VALUE, PART(buffer, 0, huge - align + 1, align * 2));
  MAKES(CL_INVALID_BUFFER_SIZE, PART(buffer, 0, 0, 0));
  MAKES(CL_MISALIGNED_SUB_BUFFER_OFFSET, PART(buffer, 0, 1, 64));
  MAKES(CL_INVALID_VALUE, clCreateSubBuffer(buffer, 0, CL_BUFFER_CREATE_TYPE_REGION, NULL, &status));
  MAKES(CL_INVALID_VALUE, clCreateSubBuffer(buffer, 0, 0xdead, &(cl_buffer_region){0, 64}, &status));
  MAKES(CL_INVALID_VALUE, PART(buffer, CL_MEM_USE_HOST_PTR, 0, 64));
  MAKES(CL_INVALID_VALUE, PART(buffer, CL_MEM_COPY_HOST_PTR, 0, 64));
  MAKES(CL_INVALID_VALUE, PART(buffer, CL_MEM_ALLOC_HOST_PTR, 0, 64));
  MAKES(CL_INVALID_VALUE, PART(new_buffer(CL_MEM_READ_ONLY, 64, NULL), CL_MEM_WRITE_ONLY, 0, 64));
  MAKES(CL_INVALID_VALUE, PART(new_buffer(CL_MEM_WRITE_ONLY, 64, NULL), CL_MEM_READ_WRITE, 0, 64));
  MAKES(CL_INVALID_VALUE, PART(new_buffer(CL_MEM_HOST_NO_ACCESS, 64, NULL), CL_MEM_HOST_READ_ONLY, 0, 64));
  cl_mem part = PART(buffer, 0, align, 256);
  GIVES(CL_SUCCESS, status);
  MAKES(CL_INVALID_MEM_OBJECT, PART(part, 0, 0, 64));
  GIVES(CL_INVALID_VALUE, clGetMemObjectInfo(part, 0xdead, 4, data, NULL));

  // Ranges.
#define RANGES(call)                                        \
  GIVES(CL_INVALID_VALUE, RANGE(kSize, 1, data, call));     \
  GIVES(CL_INVALID_VALUE, RANGE(0, kSize + 1, data, call)); \
  GIVES(CL_INVALID_VALUE, RANGE(64, kSize, data, call));    \
  GIVES(CL_INVALID_VALUE, RANGE(huge, 2, data, call));      \
  GIVES(CL_INVALID_VALUE, RANGE(2, huge, data, call));      \
  GIVES(CL_SUCCESS, RANGE(kSize, 0, data, call));           \
  GIVES(CL_INVALID_VALUE, RANGE(0, 64, NULL, call));        \
  GIVES(CL_SUCCESS, RANGE(kSize - 64, 64, data, call))
#define RANGE(offset_, size_, at_, call)   \
  ({                                       \
    size_t offset = offset_, size = size_; \
    char* at = at_;                        \
    call;                                  \
  })
  RANGES(clEnqueueReadBuffer(queue, buffer, CL_TRUE, offset, size, at, 0, NULL, NULL));
  RANGES(clEnqueueWriteBuffer(queue, buffer, CL_TRUE, offset, size, at, 0, NULL, NULL));
  GIVES(CL_INVALID_VALUE, clEnqueueReadBuffer(queue, part, CL_TRUE, 0, 257, data, 0, NULL, NULL));
  GIVES(CL_INVALID_VALUE, clEnqueueFillBuffer(queue, buffer, data, 4, kSize, 4, 0, NULL, NULL));
  GIVES(CL_INVALID_VALUE, clEnqueueFillBuffer(queue, buffer, data, 4, huge - 3, 8, 0, NULL, NULL));
  GIVES(CL_INVALID_VALUE, clEnqueueFillBuffer(queue, buffer, data, 0, 0, 4, 0, NULL, NULL));
  GIVES(CL_INVALID_VALUE, clEnqueueCopyBuffer(queue, buffer, other, 0, 0, 65, 0, NULL, NULL));
  GIVES(CL_INVALID_VALUE, clEnqueueCopyBuffer(queue, buffer, other, kSize - 63, 0, 64, 0, NULL, NULL));
  GIVES(CL_INVALID_VALUE, clEnqueueCopyBuffer(queue, buffer, other, huge, 0, 2, 0, NULL, NULL));
  GIVES(CL_MEM_COPY_OVERLAP, clEnqueueCopyBuffer(queue, buffer, buffer, 0, 63, 64, 0, NULL, NULL));
  GIVES(CL_MEM_COPY_OVERLAP, clEnqueueCopyBuffer(queue, buffer, buffer, 63, 0, 64, 0, NULL, NULL));
  GIVES(CL_MEM_COPY_OVERLAP, clEnqueueCopyBuffer(queue, buffer, part, align, 0, 64, 0, NULL, NULL));
  GIVES(CL_SUCCESS, clEnqueueCopyBuffer(queue, buffer, buffer, 0, 64, 64, 0, NULL, NULL));
  GIVES(CL_SUCCESS, clEnqueueFillBuffer(queue, buffer, data, 4, kSize, 0, 0, NULL, NULL));

  // Boxes.
#define AT(...) (const size_t[3]){__VA_ARGS__}
#define BOX(origin, region, row, slice) \
  clEnqueueReadBufferRect(queue, buffer, CL_TRUE, origin, AT(0, 0, 0), region, row, slice, 0, 0, data, 0, NULL, NULL)
#define HOST_BOX(origin, region, row, slice) \
  clEnqueueWriteBufferRect(queue, buffer, CL_TRUE, AT(0, 0, 0), origin, region, 0, 0, row, slice, data, 0, NULL, NULL)
  GIVES(CL_SUCCESS, BOX(AT(0, 0, 0), AT(8, 8, 8), 8, 64));
  GIVES(CL_SUCCESS, BOX(AT(56, 7, 7), AT(8, 1, 1), 64, 512));
  GIVES(CL_INVALID_VALUE, BOX(AT(57, 7, 7), AT(8, 1, 1), 64, 512));
  GIVES(CL_INVALID_VALUE, BOX(AT(0, 0, 8), AT(8, 1, 1), 64, 512));
  GIVES(CL_INVALID_VALUE, BOX(AT(0, 0, 0), AT(0, 8, 8), 0, 0));
  GIVES(CL_INVALID_VALUE, BOX(AT(0, 0, 0), AT(8, 0, 8), 0, 0));
  GIVES(CL_INVALID_VALUE, BOX(AT(0, 0, 0), AT(8, 8, 0), 0, 0));
  GIVES(CL_INVALID_VALUE, BOX(AT(0, 0, 0), AT(8, 8, 1), 7, 0));
  GIVES(CL_INVALID_VALUE, BOX(AT(0, 0, 0), AT(8, 8, 2), 8, 63));
  GIVES(CL_INVALID_VALUE, BOX(AT(0, 0, 0), AT(8, 8, 2), 8, 65));
  GIVES(CL_INVALID_VALUE, BOX(AT(0, 0, 0), AT(16, huge / 8, 1), 0, 0));
  GIVES(CL_INVALID_VALUE, BOX(AT(0, 0, huge / 4), AT(16, 16, 4), 0, 0));
  GIVES(CL_INVALID_VALUE, BOX(AT(huge, 1, 0), AT(16, 1, 1), 16, 0));
  GIVES(CL_INVALID_VALUE, HOST_BOX(AT(0, 0, 0), AT(8, 8, 1), 7, 0));
  GIVES(CL_INVALID_VALUE, HOST_BOX(AT(0, 0, 0), AT(8, 8, 2), 8, 63));
#define COPY_BOX(from, to, region, row, slice, row_to, slice_to) \
  clEnqueueCopyBufferRect(queue, buffer, buffer, from, to, region, row, slice, row_to, slice_to, 0, NULL, NULL)
  GIVES(CL_SUCCESS, COPY_BOX(AT(0, 0, 0), AT(8, 0, 0), AT(8, 4, 1), 16, 0, 16, 0));
  GIVES(CL_MEM_COPY_OVERLAP, COPY_BOX(AT(0, 0, 0), AT(7, 0, 0), AT(8, 4, 1), 16, 0, 16, 0));
  GIVES(CL_INVALID_VALUE, COPY_BOX(AT(0, 0, 0), AT(8, 0, 0), AT(8, 4, 1), 16, 0, 32, 0));
  GIVES(CL_INVALID_VALUE, COPY_BOX(AT(0, 0, 0), AT(0, huge / 16, 0), AT(8, 4, 1), 16, 0, 16, 0));
  GIVES(CL_INVALID_VALUE, COPY_BOX(AT(0, 0, 0), AT(8, 0, 0), AT(8, 4, 0), 16, 0, 16, 0));

  // Maps and migrations.
#define MAP(flags, offset, size) clEnqueueMapBuffer(queue, buffer, CL_TRUE, flags, offset, size, 0, NULL, NULL, &status)
  MAKES(CL_INVALID_VALUE, MAP(CL_MAP_READ, kSize, 1));
  MAKES(CL_INVALID_VALUE, MAP(CL_MAP_READ, huge, 2));
  MAKES(CL_INVALID_VALUE, MAP(CL_MAP_READ, 0, 0));
  MAKES(CL_INVALID_VALUE, MAP((cl_map_flags)1 << 20, 0, 64));
  MAKES(CL_INVALID_VALUE, MAP(CL_MAP_WRITE_INVALIDATE_REGION | CL_MAP_WRITE, 0, 64));
  MAKES(CL_INVALID_VALUE, MAP(CL_MAP_WRITE_INVALIDATE_REGION | CL_MAP_READ, 0, 64));
  GIVES(CL_INVALID_VALUE, clEnqueueUnmapMemObject(queue, buffer, data, 0, NULL, NULL));
  GIVES(CL_INVALID_VALUE, clEnqueueUnmapMemObject(queue, buffer, NULL, 0, NULL, NULL));
  GIVES(CL_INVALID_VALUE, clEnqueueMigrateMemObjects(queue, 0, NULL, 0, 0, NULL, NULL));
  GIVES(CL_INVALID_VALUE, clEnqueueMigrateMemObjects(queue, 1, NULL, 0, 0, NULL, NULL));
  GIVES(CL_INVALID_VALUE, clEnqueueMigrateMemObjects(queue, 0, &buffer, 0, 0, NULL, NULL));
  GIVES(CL_INVALID_VALUE, clEnqueueMigrateMemObjects(queue, 1, &buffer, 1 << 10, 0, NULL, NULL));
  GIVES(CL_SUCCESS, clEnqueueMigrateMemObjects(queue, 1, &buffer, CL_MIGRATE_MEM_OBJECT_HOST, 0, NULL, NULL));
  return end_of_codes();
}
