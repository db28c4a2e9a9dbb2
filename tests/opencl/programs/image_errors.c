// Images and samplers: formats, descriptions, regions and pitches that are wrong are refused at the call.
#include "codes.h"

#define AT(...) \
  (const size_t[3]) { __VA_ARGS__ }
static const cl_image_format bytes = {CL_RGBA, CL_UNORM_INT8}, floats = {CL_RGBA, CL_FLOAT};

static cl_mem image_of(cl_mem_object_type type, cl_mem_flags flags) {
  const int flat = type == CL_MEM_OBJECT_IMAGE1D || type == CL_MEM_OBJECT_IMAGE1D_ARRAY;
  cl_image_desc desc = {.image_type = type, .image_width = 8, .image_height = flat ? 0 : 8};
  if (type == CL_MEM_OBJECT_IMAGE3D) desc.image_depth = 4;
  if (type == CL_MEM_OBJECT_IMAGE1D_ARRAY || type == CL_MEM_OBJECT_IMAGE2D_ARRAY) desc.image_array_size = 4;
  cl_mem made = clCreateImage(context, flags, &bytes, &desc, NULL, &status);
  CHECK(status);
  return made;
}

static void creations(void) {
  static char data[4096];
  size_t widest = 0;
  CHECK(clGetDeviceInfo(device, CL_DEVICE_IMAGE2D_MAX_WIDTH, sizeof widest, &widest, NULL));
#define IMAGE(format, ...) \
  clCreateImage(context, 0, format, &(cl_image_desc){.image_type = CL_MEM_OBJECT_IMAGE2D, __VA_ARGS__}, NULL, &status)
#define IMAGE_WITH(flags, host, ...)                                                                              \
  clCreateImage(context, flags, &bytes, &(cl_image_desc){.image_type = CL_MEM_OBJECT_IMAGE2D, __VA_ARGS__}, host, \
                &status)
#define FORMAT(...) &(cl_image_format){__VA_ARGS__}
  MAKES(CL_INVALID_IMAGE_FORMAT_DESCRIPTOR, IMAGE(NULL, .image_width = 8, .image_height = 8));
  MAKES(CL_INVALID_IMAGE_FORMAT_DESCRIPTOR, IMAGE(FORMAT(0xdead, CL_UNORM_INT8), .image_width = 8, .image_height = 8));
  MAKES(CL_INVALID_IMAGE_FORMAT_DESCRIPTOR, IMAGE(FORMAT(CL_RGBA, 0xdead), .image_width = 8, .image_height = 8));
  MAKES(CL_INVALID_IMAGE_FORMAT_DESCRIPTOR,
        IMAGE(FORMAT(CL_RGBA, CL_UNORM_SHORT_565), .image_width = 8, .image_height = 8));
  MAKES(CL_INVALID_IMAGE_DESCRIPTOR, clCreateImage(context, 0, &bytes, NULL, NULL, &status));
  MAKES(CL_INVALID_IMAGE_DESCRIPTOR,
        clCreateImage(context, 0, &bytes, &(cl_image_desc){.image_type = 0xdead, .image_width = 8, .image_height = 8},
                      NULL, &status));
  MAKES(CL_INVALID_IMAGE_DESCRIPTOR, IMAGE(&bytes, .image_width = 8, .image_height = 8, .num_mip_levels = 1));
  MAKES(CL_INVALID_IMAGE_DESCRIPTOR, IMAGE(&bytes, .image_width = 8, .image_height = 8, .num_samples = 1));
  MAKES(CL_INVALID_IMAGE_DESCRIPTOR, IMAGE(&bytes, .image_width = 8, .image_height = 8, .image_row_pitch = 64));
  MAKES(CL_INVALID_IMAGE_SIZE, IMAGE(&bytes, .image_width = 0, .image_height = 8));
  MAKES(CL_INVALID_IMAGE_SIZE, IMAGE(&bytes, .image_width = 8, .image_height = 0));
  MAKES(CL_INVALID_IMAGE_SIZE, IMAGE(&bytes, .image_width = widest + 1, .image_height = 8));
#define EIGHT .image_width = 8, .image_height = 8
  MAKES(CL_INVALID_VALUE, IMAGE_WITH(CL_MEM_READ_ONLY | CL_MEM_WRITE_ONLY, NULL, EIGHT));
  MAKES(CL_INVALID_VALUE, IMAGE_WITH((cl_mem_flags)1 << 40, NULL, EIGHT));
  MAKES(CL_INVALID_HOST_PTR, IMAGE_WITH(CL_MEM_COPY_HOST_PTR, NULL, EIGHT));
  MAKES(CL_INVALID_HOST_PTR, IMAGE_WITH(0, data, EIGHT));
  MAKES(CL_INVALID_IMAGE_DESCRIPTOR, IMAGE_WITH(CL_MEM_COPY_HOST_PTR, data, EIGHT, .image_row_pitch = 31));
  MAKES(CL_INVALID_IMAGE_DESCRIPTOR, IMAGE_WITH(CL_MEM_COPY_HOST_PTR, data, EIGHT, .image_row_pitch = 34));
  MAKES(CL_SUCCESS, IMAGE_WITH(CL_MEM_COPY_HOST_PTR, data, EIGHT, .image_row_pitch = 64));
  MAKES(CL_INVALID_PROPERTY,
        clCreateImageWithProperties(context, (cl_mem_properties[]){0xdead, 1, 0}, 0, &bytes,
                                    &(cl_image_desc){.image_type = CL_MEM_OBJECT_IMAGE2D, EIGHT}, NULL, &status));
  MAKES(CL_INVALID_IMAGE_SIZE, clCreateImage2D(context, 0, &bytes, 0, 8, 0, NULL, &status));
  MAKES(CL_INVALID_IMAGE_SIZE, clCreateImage3D(context, 0, &bytes, 8, 8, 0, 0, 0, NULL, &status));
  cl_uint count;
  GIVES(CL_INVALID_VALUE, clGetSupportedImageFormats(context, 0, 0xdead, 0, NULL, &count));
  GIVES(CL_INVALID_VALUE, clGetSupportedImageFormats(context, 0, CL_MEM_OBJECT_BUFFER, 0, NULL, &count));
  GIVES(CL_INVALID_VALUE, clGetSupportedImageFormats(context, 0, CL_MEM_OBJECT_IMAGE2D, 0, (void *)data, &count));
  GIVES(CL_INVALID_VALUE, clGetSupportedImageFormats(context, CL_MEM_READ_ONLY | CL_MEM_WRITE_ONLY,
                                                     CL_MEM_OBJECT_IMAGE2D, 0, NULL, &count));
}

// With `image`, a region of 8 × 8 or less in it.
#define REGIONS(call)                                                       \
  GIVES(CL_INVALID_VALUE, REGION(NULL, AT(8, 8, 1), call));                 \
  GIVES(CL_INVALID_VALUE, REGION(AT(0, 0, 0), NULL, call));                 \
  GIVES(CL_INVALID_VALUE, REGION(AT(1, 0, 0), AT(8, 8, 1), call));          \
  GIVES(CL_INVALID_VALUE, REGION(AT(0, 8, 0), AT(1, 1, 1), call));          \
  GIVES(CL_INVALID_VALUE, REGION(AT(0, 0, 1), AT(1, 1, 1), call));          \
  GIVES(CL_INVALID_VALUE, REGION(AT(0, 0, 0), AT(1, 1, 2), call));          \
  GIVES(CL_INVALID_VALUE, REGION(AT(0, 0, 0), AT(0, 1, 1), call));          \
  GIVES(CL_INVALID_VALUE, REGION(AT(0, 0, 0), AT(1, 0, 1), call));          \
  GIVES(CL_INVALID_VALUE, REGION(AT(0, 0, 0), AT(1, 1, 0), call));          \
  GIVES(CL_INVALID_VALUE, REGION(AT(~(size_t)0, 0, 0), AT(2, 1, 1), call)); \
  GIVES(CL_INVALID_VALUE, REGION(AT(2, 0, 0), AT(~(size_t)0, 1, 1), call)); \
  GIVES(CL_SUCCESS, REGION(AT(4, 4, 0), AT(4, 4, 1), call))
#define REGION(origin_, region_, call)                 \
  ({                                                   \
    const size_t *origin = origin_, *region = region_; \
    call;                                              \
  })

static void commands(void) {
  static char data[16384];
  size_t row, slice;
  cl_mem image = image_of(CL_MEM_OBJECT_IMAGE2D, 0), other = image_of(CL_MEM_OBJECT_IMAGE2D, 0);
  cl_mem line = image_of(CL_MEM_OBJECT_IMAGE1D, 0), lines = image_of(CL_MEM_OBJECT_IMAGE1D_ARRAY, 0);
  cl_mem solid = image_of(CL_MEM_OBJECT_IMAGE3D, 0), buffer = new_buffer(0, 256, NULL);
  cl_mem unlike =
      clCreateImage(context, 0, &floats, &(cl_image_desc){.image_type = CL_MEM_OBJECT_IMAGE2D, EIGHT}, NULL, &status);
  CHECK(status);
  REGIONS(clEnqueueReadImage(queue, image, CL_TRUE, origin, region, 0, 0, data, 0, NULL, NULL));
  REGIONS(clEnqueueWriteImage(queue, image, CL_TRUE, origin, region, 0, 0, data, 0, NULL, NULL));
  REGIONS(clEnqueueFillImage(queue, image, data, origin, region, 0, NULL, NULL));
  REGIONS(clEnqueueCopyImage(queue, image, other, origin, AT(0, 0, 0), region, 0, NULL, NULL));
  REGIONS(clEnqueueCopyImage(queue, other, image, AT(0, 0, 0), origin, region, 0, NULL, NULL));
  REGIONS(clEnqueueCopyImageToBuffer(queue, image, buffer, origin, region, 0, 0, NULL, NULL));
  REGIONS(clEnqueueCopyBufferToImage(queue, buffer, image, 0, origin, region, 0, NULL, NULL));
  REGIONS((clEnqueueMapImage(queue, image, CL_TRUE, CL_MAP_READ, origin, region, &row, &slice, 0, NULL, NULL, &status),
           status));

#define READ(from, region, row, slice) \
  clEnqueueReadImage(queue, from, CL_TRUE, AT(0, 0, 0), region, row, slice, data, 0, NULL, NULL)
  GIVES(CL_INVALID_VALUE, READ(image, AT(8, 8, 1), 31, 0));
  GIVES(CL_INVALID_VALUE, READ(image, AT(8, 8, 1), 32, 256));
  GIVES(CL_INVALID_VALUE, READ(solid, AT(8, 8, 4), 32, 255));
  GIVES(CL_INVALID_VALUE, READ(line, AT(8, 2, 1), 0, 0));
  GIVES(CL_INVALID_VALUE, READ(lines, AT(8, 4, 2), 0, 0));
  GIVES(CL_INVALID_VALUE, READ(lines, AT(8, 5, 1), 0, 0));
  GIVES(CL_SUCCESS, READ(solid, AT(8, 8, 4), 40, 400));
  GIVES(CL_SUCCESS, READ(lines, AT(8, 4, 1), 0, 40));
  GIVES(CL_INVALID_VALUE,
        clEnqueueReadImage(queue, image, CL_TRUE, AT(0, 0, 0), AT(8, 8, 1), 0, 0, NULL, 0, NULL, NULL));
  GIVES(CL_INVALID_VALUE, clEnqueueFillImage(queue, image, NULL, AT(0, 0, 0), AT(8, 8, 1), 0, NULL, NULL));
#define COPY(from, to, origin_to, region) \
  clEnqueueCopyImage(queue, from, to, AT(0, 0, 0), origin_to, region, 0, NULL, NULL)
  GIVES(CL_IMAGE_FORMAT_MISMATCH, COPY(image, unlike, AT(0, 0, 0), AT(8, 8, 1)));
  GIVES(CL_MEM_COPY_OVERLAP, COPY(image, image, AT(3, 3, 0), AT(4, 4, 1)));
  GIVES(CL_SUCCESS, COPY(image, image, AT(4, 0, 0), AT(4, 4, 1)));
  GIVES(CL_SUCCESS, COPY(image, solid, AT(0, 0, 3), AT(8, 8, 1)));
  GIVES(CL_INVALID_VALUE, clEnqueueCopyImageToBuffer(queue, image, buffer, AT(0, 0, 0), AT(8, 8, 1), 1, 0, NULL, NULL));
  GIVES(CL_INVALID_VALUE, clEnqueueCopyBufferToImage(queue, buffer, image, 1, AT(0, 0, 0), AT(8, 8, 1), 0, NULL, NULL));
  GIVES(CL_INVALID_VALUE,
        clEnqueueCopyImageToBuffer(queue, image, buffer, AT(0, 0, 0), AT(8, 8, 1), ~(size_t)0, 0, NULL, NULL));
#define MAP(flags, of, row, slice) \
  clEnqueueMapImage(queue, of, CL_TRUE, flags, AT(0, 0, 0), AT(1, 1, 1), row, slice, 0, NULL, NULL, &status)
  MAKES(CL_INVALID_VALUE, MAP(CL_MAP_READ, image, NULL, NULL));
  MAKES(CL_INVALID_VALUE, MAP(CL_MAP_READ, solid, &row, NULL));
  MAKES(CL_INVALID_VALUE, MAP((cl_map_flags)1 << 20, image, &row, NULL));
  MAKES(CL_INVALID_VALUE, MAP(CL_MAP_WRITE_INVALIDATE_REGION | CL_MAP_READ, image, &row, NULL));
  MAKES(CL_SUCCESS, MAP(CL_MAP_READ, image, &row, NULL));
  cl_mem hidden = image_of(CL_MEM_OBJECT_IMAGE2D, CL_MEM_HOST_NO_ACCESS);
  cl_mem readable = image_of(CL_MEM_OBJECT_IMAGE2D, CL_MEM_HOST_READ_ONLY);
  GIVES(CL_INVALID_OPERATION, READ(hidden, AT(8, 8, 1), 0, 0));
  GIVES(CL_INVALID_OPERATION,
        clEnqueueWriteImage(queue, readable, CL_TRUE, AT(0, 0, 0), AT(8, 8, 1), 0, 0, data, 0, NULL, NULL));
  MAKES(CL_INVALID_OPERATION, MAP(CL_MAP_WRITE, readable, &row, NULL));
  GIVES(CL_INVALID_VALUE, clGetImageInfo(image, 0xdead, sizeof data, data, NULL));
  GIVES(CL_INVALID_VALUE, clGetImageInfo(image, CL_IMAGE_FORMAT, 1, data, NULL));
}

static void samplers(void) {
  char value[64];
#define SAMPLER(...) clCreateSamplerWithProperties(context, (cl_sampler_properties[]){__VA_ARGS__, 0}, &status)
  MAKES(CL_INVALID_VALUE, SAMPLER(0xdead, 1));
  MAKES(CL_INVALID_VALUE, SAMPLER(CL_SAMPLER_FILTER_MODE, 0xdead));
  MAKES(CL_INVALID_VALUE, SAMPLER(CL_SAMPLER_ADDRESSING_MODE, 0xdead));
  MAKES(CL_INVALID_VALUE, SAMPLER(CL_SAMPLER_FILTER_MODE, CL_FILTER_LINEAR, CL_SAMPLER_FILTER_MODE, CL_FILTER_LINEAR));
  MAKES(CL_INVALID_VALUE, clCreateSampler(context, CL_TRUE, 0xdead, CL_FILTER_LINEAR, &status));
  MAKES(CL_INVALID_VALUE, clCreateSampler(context, CL_TRUE, CL_ADDRESS_REPEAT, 0xdead, &status));
  MAKES(CL_SUCCESS, clCreateSampler(context, CL_TRUE, CL_ADDRESS_REPEAT, CL_FILTER_LINEAR, &status));
  cl_sampler sampler = SAMPLER(CL_SAMPLER_ADDRESSING_MODE, CL_ADDRESS_CLAMP_TO_EDGE);
  GIVES(CL_SUCCESS, status);
  GIVES(CL_INVALID_VALUE, clGetSamplerInfo(sampler, 0xdead, sizeof value, value, NULL));
  GIVES(CL_INVALID_VALUE, clGetSamplerInfo(sampler, CL_SAMPLER_CONTEXT, 1, value, NULL));
}

int main(void) {
  open_device();
  if (!has_images()) return end_of_codes();
  creations();
  commands();
  samplers();
  return end_of_codes();
}
