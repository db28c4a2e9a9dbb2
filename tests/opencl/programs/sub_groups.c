// Sub-groups: what is said of a kernel before it runs is what it finds when it runs; by the core's function and by the extension's.
#include "program.h"

typedef cl_int (*Info)(cl_kernel, cl_device_id, cl_uint, size_t, const void*, size_t, void*, size_t*);
typedef cl_int (*Suggest)(cl_command_queue, cl_kernel, cl_uint, const size_t*, const size_t*, size_t*);

static size_t ask(Info info, cl_kernel kernel, cl_uint param, size_t dimensions, const size_t* local) {
  size_t value = 0;
  cl_int status = info(kernel, device, param, dimensions * sizeof(size_t), local, sizeof value, &value, NULL);
  return status == CL_SUCCESS ? value : (size_t)(ssize_t)status;
}

int main(void) {
  open_device();
  static char extensions[65536];
  CHECK(clGetDeviceInfo(device, CL_DEVICE_EXTENSIONS, sizeof extensions, extensions, NULL));
  cl_uint most = 0;
  clGetDeviceInfo(device, CL_DEVICE_MAX_NUM_SUB_GROUPS, sizeof most, &most, NULL);
  if (most == 0) return printf("sub-groups are not offered\n"), 0;
  cl_bool independent = 7;
  CHECK(clGetDeviceInfo(device, CL_DEVICE_SUB_GROUP_INDEPENDENT_FORWARD_PROGRESS, sizeof independent, &independent, NULL));
  size_t sizes[16], bytes = 0;
  if (clGetDeviceInfo(device, 0x4108, sizeof sizes, sizes, &bytes) != CL_SUCCESS) bytes = 0;
  printf("at most %u, independent %u, sizes:", most, independent);
  for (size_t i = 0; i < bytes / sizeof *sizes; ++i) printf(" %zu", sizes[i]);
  printf("\n");
  cl_program program = build(
      "kernel void look(global uint* out, global uint* sum) {"
      "  size_t i = get_global_linear_id();"
      "  out[4 * i] = get_sub_group_size(); out[4 * i + 1] = get_num_sub_groups();"
      "  out[4 * i + 2] = get_sub_group_id(); out[4 * i + 3] = get_sub_group_local_id();"
      "  sum[i] = sub_group_reduce_add((uint)i); }"
      "__attribute__((intel_reqd_sub_group_size(16))) kernel void sixteen(global uint* out) { out[get_global_id(0)] = get_max_sub_group_size(); }",
      "-cl-std=CL3.0");
  cl_kernel look = kernel_of(program, "look"), sixteen = kernel_of(program, "sixteen");
  Info khr = (Info)clGetExtensionFunctionAddressForPlatform(platform, "clGetKernelSubGroupInfoKHR");
  printf("the extension's function: %s\n", khr ? "there" : "missing");
  const Info both[] = {(Info)clGetKernelSubGroupInfo, khr};
  const size_t local[] = {24, 4, 1};
  for (int i = 0; i < (khr ? 2 : 1); ++i) {
    printf("largest %zu, count %zu, in one dimension %zu\n", ask(both[i], look, CL_KERNEL_MAX_SUB_GROUP_SIZE_FOR_NDRANGE, 2, local),
           ask(both[i], look, CL_KERNEL_SUB_GROUP_COUNT_FOR_NDRANGE, 3, local),
           ask(both[i], look, CL_KERNEL_SUB_GROUP_COUNT_FOR_NDRANGE, 1, local));
    printf("of sixteen: largest %zu, compiled for %zu\n", ask(both[i], sixteen, CL_KERNEL_MAX_SUB_GROUP_SIZE_FOR_NDRANGE, 1, local),
           ask(both[i], sixteen, 0x410A, 0, NULL));
    size_t fitting[3] = {0, 0, 0};
    const size_t wanted = 4;
    CHECK(both[i](look, device, CL_KERNEL_LOCAL_SIZE_FOR_SUB_GROUP_COUNT, sizeof wanted, &wanted, sizeof fitting, fitting, NULL));
    printf("for 4: %zu %zu %zu\n", fitting[0], fitting[1], fitting[2]);
    printf("no kernel %d, unknown %d, no sizes %d\n", both[i](NULL, device, CL_KERNEL_MAX_NUM_SUB_GROUPS, 0, NULL, 8, sizes, NULL),
           both[i](look, device, 0x9999, 0, NULL, 8, sizes, NULL),
           both[i](look, device, CL_KERNEL_MAX_SUB_GROUP_SIZE_FOR_NDRANGE, 0, NULL, 8, sizes, NULL));
  }
  enum { kItems = 24 * 4 * 2 };
  const size_t global[] = {24, 8};
  uint32_t out[4 * kItems], sum[kItems];
  cl_mem found = new_buffer(0, sizeof out, NULL), sums = new_buffer(0, sizeof sum, NULL);
  CHECK(clSetKernelArg(look, 0, sizeof found, &found));
  CHECK(clSetKernelArg(look, 1, sizeof sums, &sums));
  CHECK(clEnqueueNDRangeKernel(queue, look, 2, NULL, global, local, 0, NULL, NULL));
  CHECK(clEnqueueReadBuffer(queue, found, CL_TRUE, 0, sizeof out, out, 0, NULL, NULL));
  CHECK(clEnqueueReadBuffer(queue, sums, CL_TRUE, 0, sizeof sum, sum, 0, NULL, NULL));
  printf("ran: %u, %u; checksums %#x %#x\n", out[0], out[1], sum_of(out, 4 * kItems), sum_of(sum, kItems));
  Suggest suggest = (Suggest)clGetExtensionFunctionAddressForPlatform(platform, "clGetKernelSuggestedLocalWorkSizeKHR");
  if (strstr(extensions, "cl_khr_suggested_local_work_size") && suggest) {
    size_t suggested[2] = {0, 0};
    CHECK(suggest(queue, look, 2, NULL, global, suggested));
    printf("suggested: %zu %zu\n", suggested[0], suggested[1]);
  }
  return 0;
}
