// What is wrong with a launch is said at the call: dimensions, sizes, offsets, arguments, program, queue, wait list.
#include "codes.h"

static const char* const source =
    "kernel void k(global uint* a) { a[get_global_id(0)] = 1; }\n"
    "kernel __attribute__((reqd_work_group_size(4, 2, 1))) void fixed(global uint* a) { a[get_global_id(0)] = 1; }\n"
    "kernel void two(global uint* a, uint b) { a[0] = b; }\n";

static cl_int launch(cl_kernel kernel, cl_uint dimensions, const size_t* offset, const size_t* global,
                     const size_t* local) {
  return clEnqueueNDRangeKernel(queue, kernel, dimensions, offset, global, local, 0, NULL, NULL);
}

int main(void) {
  open_device();
  cl_program program = build(source, "");
  cl_kernel kernel = kernel_of(program, "k"), fixed = kernel_of(program, "fixed"), two = kernel_of(program, "two");
  cl_mem buffer = new_buffer(0, 1 << 20, NULL);
  CHECK(clSetKernelArg(kernel, 0, sizeof buffer, &buffer));
  CHECK(clSetKernelArg(fixed, 0, sizeof buffer, &buffer));
  CHECK(clSetKernelArg(two, 0, sizeof buffer, &buffer));
  size_t limits[3] = {0}, group = 0;
  CHECK(clGetDeviceInfo(device, CL_DEVICE_MAX_WORK_ITEM_SIZES, sizeof limits, limits, NULL));
  CHECK(clGetKernelWorkGroupInfo(kernel, device, CL_KERNEL_WORK_GROUP_SIZE, sizeof group, &group, NULL));
#define SIZES(...) (const size_t[]){__VA_ARGS__}

  GIVES(CL_INVALID_WORK_DIMENSION, launch(kernel, 0, NULL, SIZES(8), NULL));
  GIVES(CL_INVALID_WORK_DIMENSION, launch(kernel, 4, NULL, SIZES(8, 1, 1, 1), NULL));
  GIVES(CL_INVALID_WORK_DIMENSION, launch(kernel, ~0U, NULL, SIZES(8), NULL));
  GIVES(CL_SUCCESS, launch(kernel, 3, NULL, SIZES(8, 1, 1), SIZES(4, 1, 1)));
  GIVES(CL_SUCCESS, launch(kernel, 2, SIZES(8, 0), SIZES(8, 1), NULL));

  // Groups. One that does not divide the range is allowed where program and device support it.
  GIVES(CL_INVALID_WORK_GROUP_SIZE, launch(kernel, 1, NULL, SIZES(8), SIZES(0)));
  GIVES(CL_INVALID_WORK_GROUP_SIZE, launch(kernel, 2, NULL, SIZES(8, 8), SIZES(8, 0)));
  GIVES(CL_INVALID_WORK_ITEM_SIZE, launch(kernel, 1, NULL, SIZES(limits[0] * 2), SIZES(limits[0] * 2)));
  GIVES(CL_INVALID_WORK_ITEM_SIZE, launch(kernel, 3, NULL, SIZES(1, 1, limits[2] * 2), SIZES(1, 1, limits[2] * 2)));
  if (limits[0] >= group && limits[1] >= 2) {
    GIVES(CL_INVALID_WORK_GROUP_SIZE, launch(kernel, 2, NULL, SIZES(group, 2), SIZES(group, 2)));
  }
  GIVES(CL_INVALID_WORK_GROUP_SIZE, launch(fixed, 2, NULL, SIZES(8, 8), SIZES(2, 4)));
  GIVES(CL_INVALID_WORK_GROUP_SIZE, launch(fixed, 2, NULL, SIZES(8, 8), SIZES(8, 2)));
  GIVES(CL_SUCCESS, launch(fixed, 2, NULL, SIZES(8, 8), SIZES(4, 2)));
  GIVES(CL_SUCCESS, launch(fixed, 2, NULL, SIZES(8, 8), NULL));
  cl_kernel old = kernel_of(build(source, "-cl-std=CL1.2"), "k");
  CHECK(clSetKernelArg(old, 0, sizeof buffer, &buffer));
  GIVES(CL_INVALID_WORK_GROUP_SIZE, launch(old, 1, NULL, SIZES(10), SIZES(4)));
  GIVES(CL_INVALID_WORK_GROUP_SIZE, launch(old, 2, NULL, SIZES(8, 10), SIZES(4, 4)));
  GIVES(CL_INVALID_WORK_GROUP_SIZE, launch(old, 1, NULL, SIZES(2), SIZES(4)));
  GIVES(CL_SUCCESS, launch(old, 1, NULL, SIZES(12), SIZES(4)));
  GIVES(CL_INVALID_WORK_GROUP_SIZE, launch(kernel, 1, NULL, SIZES(10), SIZES(4)));
  cl_bool uneven = device_number(CL_DEVICE_NON_UNIFORM_WORK_GROUP_SUPPORT);
  cl_program program3 = clCreateProgramWithSource(context, 1, (const char*[]){source}, NULL, &status);
  if (clBuildProgram(program3, 1, &device, "-cl-std=CL3.0", NULL, NULL) == CL_SUCCESS) {
    cl_kernel newer = kernel_of(program3, "k");
    CHECK(clSetKernelArg(newer, 0, sizeof buffer, &buffer));
    GIVES(uneven ? CL_SUCCESS : CL_INVALID_WORK_GROUP_SIZE, launch(newer, 1, NULL, SIZES(10), SIZES(4)));
    GIVES(CL_SUCCESS, launch(newer, 1, NULL, SIZES(12), SIZES(4)));
  }
  cl_program uniform = clCreateProgramWithSource(context, 1, (const char*[]){source}, NULL, &status);
  if (clBuildProgram(uniform, 1, &device, "-cl-std=CL3.0 -cl-uniform-work-group-size", NULL, NULL) == CL_SUCCESS) {
    cl_kernel even = kernel_of(uniform, "k");
    CHECK(clSetKernelArg(even, 0, sizeof buffer, &buffer));
    GIVES(CL_INVALID_WORK_GROUP_SIZE, launch(even, 1, NULL, SIZES(10), SIZES(4)));
    GIVES(CL_SUCCESS, launch(even, 1, NULL, SIZES(12), SIZES(4)));
  }

  // The range. Since 2.1 an empty one is a command that does nothing; offsets must leave room for it.
  GIVES(CL_INVALID_GLOBAL_OFFSET, launch(kernel, 1, SIZES(~(size_t)0 - 3), SIZES(8), NULL));
  GIVES(CL_INVALID_GLOBAL_OFFSET, launch(kernel, 2, SIZES(0, ~(size_t)0), SIZES(8, 8), NULL));
  GIVES(CL_SUCCESS, launch(kernel, 1, SIZES(16), SIZES(8), SIZES(4)));

  // What must be there before a launch.
  GIVES(CL_INVALID_KERNEL_ARGS, launch(two, 1, NULL, SIZES(8), NULL));
  GIVES(CL_INVALID_KERNEL_ARGS, clEnqueueTask(queue, two, 0, NULL, NULL));
  CHECK(clSetKernelArg(two, 1, 4, &(cl_uint){7}));
  GIVES(CL_SUCCESS, launch(two, 1, NULL, SIZES(8), NULL));
  GIVES(CL_SUCCESS, clEnqueueTask(queue, two, 0, NULL, NULL));
  cl_context other = another_context();
  cl_command_queue elsewhere = clCreateCommandQueue(other, device, 0, &status);
  CHECK(status);
  GIVES(CL_INVALID_CONTEXT, clEnqueueNDRangeKernel(elsewhere, kernel, 1, NULL, SIZES(8), NULL, 0, NULL, NULL));
  GIVES(CL_INVALID_CONTEXT, clEnqueueTask(elsewhere, kernel, 0, NULL, NULL));

  // A sub-buffer is usable where the device can address its begin.
  const size_t align = device_number(CL_DEVICE_MEM_BASE_ADDR_ALIGN) / 8;
  cl_mem part = clCreateSubBuffer(buffer, 0, CL_BUFFER_CREATE_TYPE_REGION, &(cl_buffer_region){align, 256}, &status);
  CHECK(status);
  CHECK(clSetKernelArg(kernel, 0, sizeof part, &part));
  GIVES(CL_SUCCESS, launch(kernel, 1, NULL, SIZES(8), NULL));
  return end_of_codes();
}
