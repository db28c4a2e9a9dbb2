// Sub-devices: contexts, queues, kernels and buffers of two halves of a device.
#include "program.h"

int main(void) {
  open_device();
  cl_uint units, count;
  CHECK(clGetDeviceInfo(device, CL_DEVICE_MAX_COMPUTE_UNITS, sizeof units, &units, NULL));
  if (units < 2) return printf("one unit only\n"), 0;
  const cl_device_partition_property equally[] = {CL_DEVICE_PARTITION_EQUALLY, (cl_device_partition_property)(units / 2), 0};
  cl_device_id halves[2];
  CHECK(clCreateSubDevices(device, equally, 2, halves, &count));
  printf("count: %u\n", count);
  cl_device_id parent;
  cl_uint references, part_units;
  CHECK(clGetDeviceInfo(halves[0], CL_DEVICE_PARENT_DEVICE, sizeof parent, &parent, NULL));
  CHECK(clGetDeviceInfo(halves[0], CL_DEVICE_REFERENCE_COUNT, sizeof references, &references, NULL));
  CHECK(clGetDeviceInfo(halves[0], CL_DEVICE_MAX_COMPUTE_UNITS, sizeof part_units, &part_units, NULL));
  printf("parent: %s, references: %u, units: %s\n", parent == device ? "right" : "wrong", references, part_units == units / 2 ? "half" : "not half");
  cl_int status;
  context = clCreateContext(NULL, 2, halves, NULL, NULL, &status);
  CHECK(status);
  const char* source = "kernel void add(global uint* a, uint n) { a[get_global_id(0)] += n; }";
  cl_program program = clCreateProgramWithSource(context, 1, &source, NULL, &status);
  CHECK(status);
  CHECK(clBuildProgram(program, 2, halves, "", NULL, NULL));
  cl_kernel kernel = kernel_of(program, "add");
  uint32_t data[256] = {0};
  cl_mem buffer = new_buffer(CL_MEM_COPY_HOST_PTR, sizeof data, data);
  CHECK(clSetKernelArg(kernel, 0, sizeof buffer, &buffer));
  cl_event before = NULL;
  for (uint32_t i = 0; i < 10; ++i) {
    device = halves[i % 2];
    cl_command_queue own = new_queue(0);
    cl_event event;
    const size_t global = 256;
    CHECK(clSetKernelArg(kernel, 1, 4, &i));
    CHECK(clEnqueueMigrateMemObjects(own, 1, &buffer, 0, before != NULL, before ? &before : NULL, NULL));
    CHECK(clEnqueueNDRangeKernel(own, kernel, 1, NULL, &global, NULL, before != NULL, before ? &before : NULL, &event));
    CHECK(clFlush(own));
    before = event;
    queue = own;
  }
  CHECK(clEnqueueReadBuffer(queue, buffer, CL_TRUE, 0, sizeof data, data, 1, &before, NULL));
  printf("%u %u\n", data[0], data[255]);
  CHECK(clFinish(queue));
  const cl_device_id mixed[] = {halves[0], parent};
  context = clCreateContext(NULL, 2, mixed, NULL, NULL, &status);
  CHECK(status);
  program = clCreateProgramWithSource(context, 1, &source, NULL, &status);
  CHECK(status);
  CHECK(clBuildProgram(program, 1, &parent, "", NULL, NULL));
  kernel = kernel_of(program, "add");
  buffer = new_buffer(CL_MEM_COPY_HOST_PTR, sizeof data, data);
  const cl_uint seven = 7;
  const size_t global = 256;
  CHECK(clSetKernelArg(kernel, 0, sizeof buffer, &buffer));
  CHECK(clSetKernelArg(kernel, 1, sizeof seven, &seven));
  device = parent;
  queue = new_queue(0);
  CHECK(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &global, NULL, 0, NULL, NULL));
  CHECK(clEnqueueReadBuffer(queue, buffer, CL_TRUE, 0, sizeof data, data, 0, NULL, NULL));
  printf("built for the whole alone: %u\n", data[255]);
  const cl_device_partition_property too_many[] = {CL_DEVICE_PARTITION_BY_COUNTS, (cl_device_partition_property)units + 1, CL_DEVICE_PARTITION_BY_COUNTS_LIST_END, 0};
  printf("too many: %d\n", clCreateSubDevices(parent, too_many, 2, halves, &count));
  return 0;
}
