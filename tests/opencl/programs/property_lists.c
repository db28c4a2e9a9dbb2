// Objects made by the older and the newer functions are the same, and answer with the properties that they were given.
#include "program.h"

#define MADE(type, call) \
  ({                     \
    type made_ = call;   \
    CHECK(status);       \
    made_;               \
  })

static void show_properties(const char* name, cl_mem mem) {
  cl_mem_properties given[8];
  size_t size = 0;
  cl_uint count = 0;
  CHECK(clGetMemObjectInfo(mem, CL_MEM_PROPERTIES, sizeof given, given, &size));
  CHECK(clGetMemObjectInfo(mem, CL_MEM_REFERENCE_COUNT, sizeof count, &count, NULL));
  printf("%s: %zu bytes of properties, %u reference\n", name, size, count);
}

int main(void) {
  open_device();
  cl_int status;
  static unsigned char pixels[4 * 4 * 4 * 4], back[4 * 4 * 4 * 4];
  for (size_t i = 0; i < sizeof pixels; ++i) pixels[i] = (unsigned char)(i * 7);
  const size_t zero[3] = {0, 0, 0}, flat[3] = {4, 4, 1}, deep[3] = {4, 4, 4};
  const cl_mem_properties none[] = {0};

  cl_mem buffer = MADE(cl_mem, clCreateBufferWithProperties(context, NULL, CL_MEM_COPY_HOST_PTR, 64, pixels, &status));
  cl_mem listed = MADE(cl_mem, clCreateBufferWithProperties(context, none, CL_MEM_COPY_HOST_PTR, 64, pixels, &status));
  show_properties("buffer without", buffer);
  show_properties("buffer with an empty list", listed);
  CHECK(clEnqueueReadBuffer(queue, listed, CL_TRUE, 0, 64, back, 0, NULL, NULL));
  printf("buffer: %08x\n", sum_of((uint32_t*)back, 16));

  const cl_queue_properties list[] = {CL_QUEUE_PROPERTIES, CL_QUEUE_PROFILING_ENABLE, 0};
  cl_command_queue new_ones =
      MADE(cl_command_queue, clCreateCommandQueueWithProperties(context, device, list, &status));
  cl_command_queue old_ones =
      MADE(cl_command_queue, clCreateCommandQueue(context, device, CL_QUEUE_PROFILING_ENABLE, &status));
  for (int i = 0; i < 2; ++i) {
    cl_command_queue_properties flags = 0;
    size_t size = 1;
    CHECK(clGetCommandQueueInfo(i ? old_ones : new_ones, CL_QUEUE_PROPERTIES, sizeof flags, &flags, NULL));
    CHECK(clGetCommandQueueInfo(i ? old_ones : new_ones, CL_QUEUE_PROPERTIES_ARRAY, 0, NULL, &size));
    printf("queue: %llx, %zu bytes\n", (unsigned long long)flags, size);
  }

  cl_bool images = CL_FALSE;
  CHECK(clGetDeviceInfo(device, CL_DEVICE_IMAGE_SUPPORT, sizeof images, &images, NULL));
  if (!images) return 0;
  const cl_image_format format = {CL_RGBA, CL_UNSIGNED_INT8};
  const cl_image_desc shape = {.image_type = CL_MEM_OBJECT_IMAGE2D, .image_width = 4, .image_height = 4};
  const cl_mem_flags copied = CL_MEM_COPY_HOST_PTR;
  cl_mem made[4] = {MADE(cl_mem, clCreateImage(context, copied, &format, &shape, pixels, &status)),
                    MADE(cl_mem, clCreateImageWithProperties(context, none, copied, &format, &shape, pixels, &status)),
                    MADE(cl_mem, clCreateImage2D(context, copied, &format, 4, 4, 0, pixels, &status)),
                    MADE(cl_mem, clCreateImage3D(context, copied, &format, 4, 4, 4, 0, 0, pixels, &status))};
  for (int i = 0; i < 4; ++i) {
    cl_mem_object_type type = 0;
    size_t width = 0, height = 0, depth = 9, array = 9, element = 0;
    CHECK(clGetMemObjectInfo(made[i], CL_MEM_TYPE, sizeof type, &type, NULL));
    CHECK(clGetImageInfo(made[i], CL_IMAGE_WIDTH, sizeof width, &width, NULL));
    CHECK(clGetImageInfo(made[i], CL_IMAGE_HEIGHT, sizeof height, &height, NULL));
    CHECK(clGetImageInfo(made[i], CL_IMAGE_DEPTH, sizeof depth, &depth, NULL));
    CHECK(clGetImageInfo(made[i], CL_IMAGE_ARRAY_SIZE, sizeof array, &array, NULL));
    CHECK(clGetImageInfo(made[i], CL_IMAGE_ELEMENT_SIZE, sizeof element, &element, NULL));
    memset(back, 0, sizeof back);
    CHECK(clEnqueueReadImage(queue, made[i], CL_TRUE, zero, i == 3 ? deep : flat, 0, 0, back, 0, NULL, NULL));
    printf("image %d: type %x, %zu x %zu x %zu, %zu layers, elements of %zu: %08x\n", i, type, width, height, depth,
           array, element, sum_of((uint32_t*)back, sizeof back / 4));
  }

  const cl_sampler_properties wanted[] = {CL_SAMPLER_ADDRESSING_MODE, CL_ADDRESS_REPEAT, CL_SAMPLER_FILTER_MODE,
                                          CL_FILTER_LINEAR, 0};
  cl_sampler samplers[3] = {
      MADE(cl_sampler, clCreateSamplerWithProperties(context, wanted, &status)),
      MADE(cl_sampler, clCreateSamplerWithProperties(context, NULL, &status)),
      MADE(cl_sampler, clCreateSampler(context, CL_TRUE, CL_ADDRESS_REPEAT, CL_FILTER_LINEAR, &status))};
  for (int i = 0; i < 3; ++i) {
    cl_bool normalized = 9;
    cl_addressing_mode addressing = 9;
    cl_filter_mode filter = 9;
    cl_context of = NULL;
    size_t size = 99;
    CHECK(clGetSamplerInfo(samplers[i], CL_SAMPLER_NORMALIZED_COORDS, sizeof normalized, &normalized, NULL));
    CHECK(clGetSamplerInfo(samplers[i], CL_SAMPLER_ADDRESSING_MODE, sizeof addressing, &addressing, NULL));
    CHECK(clGetSamplerInfo(samplers[i], CL_SAMPLER_FILTER_MODE, sizeof filter, &filter, NULL));
    CHECK(clGetSamplerInfo(samplers[i], CL_SAMPLER_CONTEXT, sizeof of, &of, NULL));
    CHECK(clGetSamplerInfo(samplers[i], CL_SAMPLER_PROPERTIES, 0, NULL, &size));
    printf("sampler %d: %u %x %x, %s, %zu bytes\n", i, normalized, addressing, filter, of == context ? "ours" : "?",
           size);
  }
  return 0;
}
