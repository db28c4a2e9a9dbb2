// Sizes of answers, answers into buffers of exactly that size and one less, and answers that must stay the same.
#include "program.h"

static const cl_device_info device_keys[] = {
    CL_DEVICE_TYPE, CL_DEVICE_MAX_WORK_ITEM_SIZES, CL_DEVICE_NAME, CL_DEVICE_EXTENSIONS, CL_DEVICE_VERSION, CL_DEVICE_PARTITION_PROPERTIES,
    CL_DEVICE_BUILT_IN_KERNELS, CL_DEVICE_OPENCL_C_ALL_VERSIONS, CL_DEVICE_ILS_WITH_VERSION, CL_DEVICE_NUMERIC_VERSION, CL_DEVICE_SINGLE_FP_CONFIG};

int main(void) {
  open_device();
  static char a[65536], b[65536];
  for (size_t i = 0; i < sizeof device_keys / sizeof *device_keys; ++i) {
    size_t size = 0, again = 0;
    const cl_int status = clGetDeviceInfo(device, device_keys[i], 0, NULL, &size);
    printf("%x: %d", device_keys[i], status);
    if (status == CL_SUCCESS && size > 0) {
      memset(a, 0x55, sizeof a);
      const cl_int exact = clGetDeviceInfo(device, device_keys[i], size, a, &again);
      const cl_int second = clGetDeviceInfo(device, device_keys[i], sizeof b, b, NULL);
      const cl_int less = clGetDeviceInfo(device, device_keys[i], size - 1, b, NULL);
      printf(" %d %d %d, same size: %d, same bytes: %d, none behind: %d", exact, second, less, size == again, !memcmp(a, b, size), a[size] == 0x55);
    }
    printf("\n");
  }
  cl_device_id list[8];
  cl_uint count;
  CHECK(clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 8, list, &count));
  expect(list[0] == device, "the same device each time");
  printf("of another type: %d\n", clGetDeviceIDs(platform, CL_DEVICE_TYPE_ACCELERATOR, 8, list, &count));
  cl_platform_id of_device;
  CHECK(clGetDeviceInfo(device, CL_DEVICE_PLATFORM, sizeof of_device, &of_device, NULL));
  expect(of_device == platform, "its platform");
  cl_context_properties properties[] = {CL_CONTEXT_PLATFORM, (cl_context_properties)platform, 0}, back[3];
  cl_int status;
  cl_context other = clCreateContextFromType(properties, CL_DEVICE_TYPE_ALL, NULL, NULL, &status);
  CHECK(status);
  size_t size;
  CHECK(clGetContextInfo(other, CL_CONTEXT_PROPERTIES, sizeof back, back, &size));
  expect(size == sizeof properties && !memcmp(properties, back, size), "context properties as given");
  CHECK(clGetContextInfo(other, CL_CONTEXT_DEVICES, sizeof list, list, &size));
  expect(size == sizeof device * count || list[0] == device, "devices of the context");
  cl_queue_properties queue_properties[3];
  CHECK(clGetCommandQueueInfo(new_queue(CL_QUEUE_PROFILING_ENABLE), CL_QUEUE_PROPERTIES_ARRAY, sizeof queue_properties, queue_properties, &size));
  printf("queue properties: %zu bytes, %llx %llx\n", size, (unsigned long long)queue_properties[0], (unsigned long long)queue_properties[1]);
  cl_uint formats;
  CHECK(clGetSupportedImageFormats(context, CL_MEM_READ_WRITE, CL_MEM_OBJECT_IMAGE2D, 0, NULL, &formats));
  cl_image_format* format = calloc(formats, sizeof *format);
  CHECK(clGetSupportedImageFormats(context, CL_MEM_READ_WRITE, CL_MEM_OBJECT_IMAGE2D, formats, format, NULL));
  printf("formats: %u, %08x\n", formats, sum_of((uint32_t*)format, formats * 2));
  cl_kernel kernel = build_kernel("kernel void k(global int* a) { a[get_local_id(0)] = 1; }", "k");
  size_t group, multiple;
  cl_ulong local, private_bytes;
  CHECK(clGetKernelWorkGroupInfo(kernel, device, CL_KERNEL_WORK_GROUP_SIZE, sizeof group, &group, NULL));
  CHECK(clGetKernelWorkGroupInfo(kernel, NULL, CL_KERNEL_PREFERRED_WORK_GROUP_SIZE_MULTIPLE, sizeof multiple, &multiple, NULL));
  CHECK(clGetKernelWorkGroupInfo(kernel, device, CL_KERNEL_LOCAL_MEM_SIZE, sizeof local, &local, NULL));
  CHECK(clGetKernelWorkGroupInfo(kernel, device, CL_KERNEL_PRIVATE_MEM_SIZE, sizeof private_bytes, &private_bytes, NULL));
  printf("work-group: %zu, multiple %zu, local %llu, private %llu\n", group, multiple, (unsigned long long)local, (unsigned long long)private_bytes);
  return 0;
}
