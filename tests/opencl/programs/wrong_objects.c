// Every function that makes, keeps or asks about objects, with handles that name none.
#include "wrong_handles.h"

static void CL_CALLBACK nothing(void) {}

int main(void) {
  make_objects();
  release_objects();
  char value[256];
  size_t size;
  cl_uint count;
  cl_ulong time;
  const char* source = "kernel void k(void) {}";
  const unsigned char* binary = (const unsigned char*)source;
  const size_t length = strlen(source);
  const cl_image_format format = {CL_RGBA, CL_UNORM_INT8};
  const cl_image_desc shape = {.image_type = CL_MEM_OBJECT_IMAGE2D, .image_width = 4, .image_height = 4};

  // Platforms and devices. What NULL means instead of a platform is left to the implementation.
  WRONG_IF_GIVEN(kPlatform, CL_INVALID_PLATFORM, clGetPlatformInfo(wrong, CL_PLATFORM_NAME, 256, value, &size));
  WRONG_IF_GIVEN(kPlatform, CL_INVALID_PLATFORM, clGetDeviceIDs(wrong, CL_DEVICE_TYPE_ALL, 0, NULL, &count));
  WRONG(kPlatform, CL_INVALID_PLATFORM, clUnloadPlatformCompiler(wrong));
  WRONG_IF_GIVEN(kPlatform, CL_SUCCESS, clGetExtensionFunctionAddressForPlatform(wrong, "clFlush") != NULL);
  WRONG_IF_GIVEN(kPlatform, CL_INVALID_PLATFORM,
                 (clCreateContext((cl_context_properties[]){CL_CONTEXT_PLATFORM, (cl_context_properties)wrong, 0}, 1,
                                  &device, NULL, NULL, &status),
                  status));
  WRONG_IF_GIVEN(
      kPlatform, CL_INVALID_PLATFORM,
      (clCreateContextFromType((cl_context_properties[]){CL_CONTEXT_PLATFORM, (cl_context_properties)wrong, 0},
                               CL_DEVICE_TYPE_ALL, NULL, NULL, &status),
       status));
  WRONG(kDevice, CL_INVALID_DEVICE, clGetDeviceInfo(wrong, CL_DEVICE_NAME, 256, value, &size));
  WRONG(
      kDevice, CL_INVALID_DEVICE,
      clCreateSubDevices(wrong, (cl_device_partition_property[]){CL_DEVICE_PARTITION_EQUALLY, 1, 0}, 0, NULL, &count));
  WRONG(kDevice, CL_INVALID_DEVICE, clRetainDevice(wrong));
  WRONG(kDevice, CL_INVALID_DEVICE, clReleaseDevice(wrong));
  WRONG(kDevice, CL_INVALID_DEVICE, clGetHostTimer(wrong, &time));
  WRONG(kDevice, CL_INVALID_DEVICE, clGetDeviceAndHostTimer(wrong, &time, &time));
  WRONG_MAKES(kDevice, CL_INVALID_DEVICE, clCreateContext(NULL, 1, &wrong, NULL, NULL, &status));
  WRONG_MAKES(kDevice, CL_INVALID_DEVICE, clCreateCommandQueue(context, wrong, 0, &status));
  WRONG_MAKES(kDevice, CL_INVALID_DEVICE, clCreateCommandQueueWithProperties(context, wrong, NULL, &status));
  WRONG(kDevice, CL_INVALID_DEVICE, clSetDefaultDeviceCommandQueue(context, wrong, queue));

  // Contexts.
  WRONG(kContext, CL_INVALID_CONTEXT, clRetainContext(wrong));
  WRONG(kContext, CL_INVALID_CONTEXT, clReleaseContext(wrong));
  WRONG(kContext, CL_INVALID_CONTEXT, clGetContextInfo(wrong, CL_CONTEXT_NUM_DEVICES, 256, value, &size));
  WRONG(kContext, CL_INVALID_CONTEXT, clSetContextDestructorCallback(wrong, (void*)nothing, NULL));
  WRONG(kContext, CL_INVALID_CONTEXT, clSetDefaultDeviceCommandQueue(wrong, device, queue));
  WRONG_MAKES(kContext, CL_INVALID_CONTEXT, clCreateCommandQueue(wrong, device, 0, &status));
  WRONG_MAKES(kContext, CL_INVALID_CONTEXT, clCreateCommandQueueWithProperties(wrong, device, NULL, &status));
  WRONG_MAKES(kContext, CL_INVALID_CONTEXT, clCreateBuffer(wrong, 0, 4, NULL, &status));
  WRONG_MAKES(kContext, CL_INVALID_CONTEXT, clCreateBufferWithProperties(wrong, NULL, 0, 4, NULL, &status));
  WRONG_MAKES(kContext, CL_INVALID_CONTEXT, clCreateImage(wrong, 0, &format, &shape, NULL, &status));
  WRONG_MAKES(kContext, CL_INVALID_CONTEXT,
              clCreateImageWithProperties(wrong, NULL, 0, &format, &shape, NULL, &status));
  WRONG_MAKES(kContext, CL_INVALID_CONTEXT, clCreateImage2D(wrong, 0, &format, 4, 4, 0, NULL, &status));
  WRONG_MAKES(kContext, CL_INVALID_CONTEXT, clCreateImage3D(wrong, 0, &format, 4, 4, 4, 0, 0, NULL, &status));
  WRONG_MAKES(kContext, CL_INVALID_CONTEXT, clCreatePipe(wrong, 0, 4, 4, NULL, &status));
  WRONG(kContext, CL_INVALID_CONTEXT, clGetSupportedImageFormats(wrong, 0, CL_MEM_OBJECT_IMAGE2D, 0, NULL, &count));
  WRONG_MAKES(kContext, CL_INVALID_CONTEXT, clCreateSampler(wrong, 0, CL_ADDRESS_NONE, CL_FILTER_NEAREST, &status));
  WRONG_MAKES(kContext, CL_INVALID_CONTEXT, clCreateSamplerWithProperties(wrong, NULL, &status));
  WRONG_MAKES(kContext, CL_INVALID_CONTEXT, clCreateProgramWithSource(wrong, 1, &source, NULL, &status));
  WRONG_MAKES(kContext, CL_INVALID_CONTEXT,
              clCreateProgramWithBinary(wrong, 1, &device, &length, &binary, NULL, &status));
  WRONG_MAKES(kContext, CL_INVALID_CONTEXT, clCreateProgramWithBuiltInKernels(wrong, 1, &device, "k", &status));
  WRONG_MAKES(kContext, CL_INVALID_CONTEXT, clCreateProgramWithIL(wrong, source, length, &status));
  WRONG_MAKES(kContext, CL_INVALID_CONTEXT, clLinkProgram(wrong, 0, NULL, "", 1, &program, NULL, NULL, &status));
  WRONG_MAKES(kContext, CL_INVALID_CONTEXT, clCreateUserEvent(wrong, &status));
  WRONG(kContext, CL_SUCCESS, clSVMAlloc(wrong, 0, 64, 0) != NULL);
  WRONG(kContext, CL_SUCCESS, (clSVMFree(wrong, value), CL_SUCCESS));

  // Queues.
  WRONG(kQueue, CL_INVALID_COMMAND_QUEUE, clRetainCommandQueue(wrong));
  WRONG(kQueue, CL_INVALID_COMMAND_QUEUE, clReleaseCommandQueue(wrong));
  WRONG(kQueue, CL_INVALID_COMMAND_QUEUE, clGetCommandQueueInfo(wrong, CL_QUEUE_PROPERTIES, 256, value, &size));
  WRONG(kQueue, CL_INVALID_COMMAND_QUEUE, clSetCommandQueueProperty(wrong, CL_QUEUE_PROFILING_ENABLE, 1, NULL));

  // Memory objects and samplers.
  WRONG(kMem, CL_INVALID_MEM_OBJECT, clRetainMemObject(wrong));
  WRONG(kMem, CL_INVALID_MEM_OBJECT, clReleaseMemObject(wrong));
  WRONG(kMem, CL_INVALID_MEM_OBJECT, clGetMemObjectInfo(wrong, CL_MEM_SIZE, 256, value, &size));
  WRONG(kMem, CL_INVALID_MEM_OBJECT, clGetImageInfo(wrong, CL_IMAGE_WIDTH, 256, value, &size));
  WRONG(kMem, CL_INVALID_MEM_OBJECT, clGetPipeInfo(wrong, CL_PIPE_PACKET_SIZE, 256, value, &size));
  WRONG(kMem, CL_INVALID_MEM_OBJECT, clSetMemObjectDestructorCallback(wrong, (void*)nothing, NULL));
  WRONG_MAKES(kMem, CL_INVALID_MEM_OBJECT,
              clCreateSubBuffer(wrong, 0, CL_BUFFER_CREATE_TYPE_REGION, &((cl_buffer_region){0, 4}), &status));
  GIVES(CL_INVALID_MEM_OBJECT, clGetImageInfo(buffer, CL_IMAGE_WIDTH, 256, value, &size));
  GIVES(CL_INVALID_MEM_OBJECT, clGetPipeInfo(buffer, CL_PIPE_PACKET_SIZE, 256, value, &size));
  WRONG(kSampler, CL_INVALID_SAMPLER, clRetainSampler(wrong));
  WRONG(kSampler, CL_INVALID_SAMPLER, clReleaseSampler(wrong));
  WRONG(kSampler, CL_INVALID_SAMPLER, clGetSamplerInfo(wrong, CL_SAMPLER_FILTER_MODE, 256, value, &size));

  // Programs. An invalid device list is CL_INVALID_DEVICE, whatever the devices' handles are.
  WRONG(kProgram, CL_INVALID_PROGRAM, clRetainProgram(wrong));
  WRONG(kProgram, CL_INVALID_PROGRAM, clReleaseProgram(wrong));
  WRONG(kProgram, CL_INVALID_PROGRAM, clBuildProgram(wrong, 0, NULL, NULL, NULL, NULL));
  WRONG(kProgram, CL_INVALID_PROGRAM, clCompileProgram(wrong, 0, NULL, NULL, 0, NULL, NULL, NULL, NULL));
  WRONG_MAKES(kProgram, CL_INVALID_PROGRAM, clLinkProgram(context, 0, NULL, "", 1, &wrong, NULL, NULL, &status));
  WRONG(kProgram, CL_INVALID_PROGRAM, clGetProgramInfo(wrong, CL_PROGRAM_NUM_DEVICES, 256, value, &size));
  WRONG(kProgram, CL_INVALID_PROGRAM, clGetProgramBuildInfo(wrong, device, CL_PROGRAM_BUILD_LOG, 256, value, &size));
  WRONG(kProgram, CL_INVALID_PROGRAM, clSetProgramReleaseCallback(wrong, (void*)nothing, NULL));
  WRONG(kProgram, CL_INVALID_PROGRAM, clSetProgramSpecializationConstant(wrong, 0, 4, value));
  WRONG_MAKES(kProgram, CL_INVALID_PROGRAM, clCreateKernel(wrong, "k", &status));
  WRONG(kProgram, CL_INVALID_PROGRAM, clCreateKernelsInProgram(wrong, 0, NULL, &count));
  WRONG(kDevice, CL_INVALID_DEVICE, clGetProgramBuildInfo(program, wrong, CL_PROGRAM_BUILD_LOG, 256, value, &size));
  WRONG_MAKES(kDevice, CL_INVALID_DEVICE,
              clCreateProgramWithBinary(context, 1, &wrong, &length, &binary, NULL, &status));
  WRONG_MAKES(kDevice, CL_INVALID_DEVICE, clCreateProgramWithBuiltInKernels(context, 1, &wrong, "k", &status));
  WRONG_MAKES(kDevice, CL_INVALID_DEVICE, clLinkProgram(context, 1, &wrong, "", 1, &program, NULL, NULL, &status));

  // Kernels.
  WRONG(kKernel, CL_INVALID_KERNEL, clRetainKernel(wrong));
  WRONG(kKernel, CL_INVALID_KERNEL, clReleaseKernel(wrong));
  WRONG_MAKES(kKernel, CL_INVALID_KERNEL, clCloneKernel(wrong, &status));
  WRONG(kKernel, CL_INVALID_KERNEL, clSetKernelArg(wrong, 0, sizeof buffer, &buffer));
  WRONG(kKernel, CL_INVALID_KERNEL, clSetKernelArgSVMPointer(wrong, 0, NULL));
  WRONG(kKernel, CL_INVALID_KERNEL, clSetKernelExecInfo(wrong, CL_KERNEL_EXEC_INFO_SVM_PTRS, 8, value));
  WRONG(kKernel, CL_INVALID_KERNEL, clGetKernelInfo(wrong, CL_KERNEL_NUM_ARGS, 256, value, &size));
  WRONG(kKernel, CL_INVALID_KERNEL, clGetKernelArgInfo(wrong, 0, CL_KERNEL_ARG_NAME, 256, value, &size));
  WRONG(kKernel, CL_INVALID_KERNEL,
        clGetKernelWorkGroupInfo(wrong, device, CL_KERNEL_WORK_GROUP_SIZE, 256, value, &size));
  WRONG(kKernel, CL_INVALID_KERNEL,
        clGetKernelSubGroupInfo(wrong, device, CL_KERNEL_MAX_NUM_SUB_GROUPS, 0, NULL, 256, value, &size));
  WRONG_IF_GIVEN(kDevice, CL_INVALID_DEVICE,
                 clGetKernelWorkGroupInfo(kernel, wrong, CL_KERNEL_WORK_GROUP_SIZE, 256, value, &size));
  WRONG_IF_GIVEN(kDevice, CL_INVALID_DEVICE,
                 clGetKernelSubGroupInfo(kernel, wrong, CL_KERNEL_MAX_NUM_SUB_GROUPS, 0, NULL, 256, value, &size));
  WRONG_IF_GIVEN(kMem, CL_INVALID_MEM_OBJECT, clSetKernelArg(kernel, 0, sizeof wrong, &wrong));

  // Events.
  WRONG(kEvent, CL_INVALID_EVENT, clRetainEvent(wrong));
  WRONG(kEvent, CL_INVALID_EVENT, clReleaseEvent(wrong));
  WRONG(kEvent, CL_INVALID_EVENT, clWaitForEvents(1, &wrong));
  WRONG(kEvent, CL_INVALID_EVENT, clGetEventInfo(wrong, CL_EVENT_COMMAND_TYPE, 256, value, &size));
  WRONG(kEvent, CL_INVALID_EVENT, clGetEventProfilingInfo(wrong, CL_PROFILING_COMMAND_END, 256, value, &size));
  WRONG(kEvent, CL_INVALID_EVENT, clSetUserEventStatus(wrong, CL_COMPLETE));
  WRONG(kEvent, CL_INVALID_EVENT, clSetEventCallback(wrong, CL_COMPLETE, (void*)nothing, NULL));
  return end_of_wrong_handles();
}
