// The table through which loaders call us, and the functions that are found by name.
#include <cstring>
#include <string_view>

#include "null/objects.hpp"

#define EXPORTED __attribute__((visibility("default")))

namespace cenote::null {

constinit const opencl::DispatchTable kDispatchTable = [] {
  opencl::DispatchTable t{};
  t.clGetPlatformIDs = ::clGetPlatformIDs;
  t.clGetPlatformInfo = ::clGetPlatformInfo;
  t.clGetDeviceIDs = ::clGetDeviceIDs;
  t.clGetDeviceInfo = ::clGetDeviceInfo;
  t.clCreateContext = ::clCreateContext;
  t.clCreateContextFromType = ::clCreateContextFromType;
  t.clRetainContext = ::clRetainContext;
  t.clReleaseContext = ::clReleaseContext;
  t.clGetContextInfo = ::clGetContextInfo;
  t.clCreateCommandQueue = ::clCreateCommandQueue;
  t.clRetainCommandQueue = ::clRetainCommandQueue;
  t.clReleaseCommandQueue = ::clReleaseCommandQueue;
  t.clGetCommandQueueInfo = ::clGetCommandQueueInfo;
  t.clSetCommandQueueProperty = ::clSetCommandQueueProperty;
  t.clCreateBuffer = ::clCreateBuffer;
  t.clCreateImage2D = ::clCreateImage2D;
  t.clCreateImage3D = ::clCreateImage3D;
  t.clRetainMemObject = ::clRetainMemObject;
  t.clReleaseMemObject = ::clReleaseMemObject;
  t.clGetSupportedImageFormats = ::clGetSupportedImageFormats;
  t.clGetMemObjectInfo = ::clGetMemObjectInfo;
  t.clGetImageInfo = ::clGetImageInfo;
  t.clCreateSampler = ::clCreateSampler;
  t.clRetainSampler = ::clRetainSampler;
  t.clReleaseSampler = ::clReleaseSampler;
  t.clGetSamplerInfo = ::clGetSamplerInfo;
  t.clCreateProgramWithSource = ::clCreateProgramWithSource;
  t.clCreateProgramWithBinary = ::clCreateProgramWithBinary;
  t.clRetainProgram = ::clRetainProgram;
  t.clReleaseProgram = ::clReleaseProgram;
  t.clBuildProgram = ::clBuildProgram;
  t.clUnloadCompiler = ::clUnloadCompiler;
  t.clGetProgramInfo = ::clGetProgramInfo;
  t.clGetProgramBuildInfo = ::clGetProgramBuildInfo;
  t.clCreateKernel = ::clCreateKernel;
  t.clCreateKernelsInProgram = ::clCreateKernelsInProgram;
  t.clRetainKernel = ::clRetainKernel;
  t.clReleaseKernel = ::clReleaseKernel;
  t.clSetKernelArg = ::clSetKernelArg;
  t.clGetKernelInfo = ::clGetKernelInfo;
  t.clGetKernelWorkGroupInfo = ::clGetKernelWorkGroupInfo;
  t.clWaitForEvents = ::clWaitForEvents;
  t.clGetEventInfo = ::clGetEventInfo;
  t.clRetainEvent = ::clRetainEvent;
  t.clReleaseEvent = ::clReleaseEvent;
  t.clGetEventProfilingInfo = ::clGetEventProfilingInfo;
  t.clFlush = ::clFlush;
  t.clFinish = ::clFinish;
  t.clEnqueueReadBuffer = ::clEnqueueReadBuffer;
  t.clEnqueueWriteBuffer = ::clEnqueueWriteBuffer;
  t.clEnqueueCopyBuffer = ::clEnqueueCopyBuffer;
  t.clEnqueueReadImage = ::clEnqueueReadImage;
  t.clEnqueueWriteImage = ::clEnqueueWriteImage;
  t.clEnqueueCopyImage = ::clEnqueueCopyImage;
  t.clEnqueueCopyImageToBuffer = ::clEnqueueCopyImageToBuffer;
  t.clEnqueueCopyBufferToImage = ::clEnqueueCopyBufferToImage;
  t.clEnqueueMapBuffer = ::clEnqueueMapBuffer;
  t.clEnqueueMapImage = ::clEnqueueMapImage;
  t.clEnqueueUnmapMemObject = ::clEnqueueUnmapMemObject;
  t.clEnqueueNDRangeKernel = ::clEnqueueNDRangeKernel;
  t.clEnqueueTask = ::clEnqueueTask;
  t.clEnqueueNativeKernel = ::clEnqueueNativeKernel;
  t.clEnqueueMarker = ::clEnqueueMarker;
  t.clEnqueueWaitForEvents = ::clEnqueueWaitForEvents;
  t.clEnqueueBarrier = ::clEnqueueBarrier;
  t.clGetExtensionFunctionAddress = ::clGetExtensionFunctionAddress;
  t.clSetEventCallback = ::clSetEventCallback;
  t.clCreateSubBuffer = ::clCreateSubBuffer;
  t.clSetMemObjectDestructorCallback = ::clSetMemObjectDestructorCallback;
  t.clCreateUserEvent = ::clCreateUserEvent;
  t.clSetUserEventStatus = ::clSetUserEventStatus;
  t.clEnqueueReadBufferRect = ::clEnqueueReadBufferRect;
  t.clEnqueueWriteBufferRect = ::clEnqueueWriteBufferRect;
  t.clEnqueueCopyBufferRect = ::clEnqueueCopyBufferRect;
  t.clCreateSubDevices = ::clCreateSubDevices;
  t.clRetainDevice = ::clRetainDevice;
  t.clReleaseDevice = ::clReleaseDevice;
  t.clCreateImage = ::clCreateImage;
  t.clCreateProgramWithBuiltInKernels = ::clCreateProgramWithBuiltInKernels;
  t.clCompileProgram = ::clCompileProgram;
  t.clLinkProgram = ::clLinkProgram;
  t.clUnloadPlatformCompiler = ::clUnloadPlatformCompiler;
  t.clGetKernelArgInfo = ::clGetKernelArgInfo;
  t.clEnqueueFillBuffer = ::clEnqueueFillBuffer;
  t.clEnqueueFillImage = ::clEnqueueFillImage;
  t.clEnqueueMigrateMemObjects = ::clEnqueueMigrateMemObjects;
  t.clEnqueueMarkerWithWaitList = ::clEnqueueMarkerWithWaitList;
  t.clEnqueueBarrierWithWaitList = ::clEnqueueBarrierWithWaitList;
  t.clGetExtensionFunctionAddressForPlatform = ::clGetExtensionFunctionAddressForPlatform;
  t.clCreateCommandQueueWithProperties = ::clCreateCommandQueueWithProperties;
  t.clCreatePipe = ::clCreatePipe;
  t.clGetPipeInfo = ::clGetPipeInfo;
  t.clSVMAlloc = ::clSVMAlloc;
  t.clSVMFree = ::clSVMFree;
  t.clEnqueueSVMFree = ::clEnqueueSVMFree;
  t.clEnqueueSVMMemcpy = ::clEnqueueSVMMemcpy;
  t.clEnqueueSVMMemFill = ::clEnqueueSVMMemFill;
  t.clEnqueueSVMMap = ::clEnqueueSVMMap;
  t.clEnqueueSVMUnmap = ::clEnqueueSVMUnmap;
  t.clCreateSamplerWithProperties = ::clCreateSamplerWithProperties;
  t.clSetKernelArgSVMPointer = ::clSetKernelArgSVMPointer;
  t.clSetKernelExecInfo = ::clSetKernelExecInfo;
  t.clGetKernelSubGroupInfoKHR = ::clGetKernelSubGroupInfoKHR;
  t.clCloneKernel = ::clCloneKernel;
  t.clCreateProgramWithIL = ::clCreateProgramWithIL;
  t.clEnqueueSVMMigrateMem = ::clEnqueueSVMMigrateMem;
  t.clGetDeviceAndHostTimer = ::clGetDeviceAndHostTimer;
  t.clGetHostTimer = ::clGetHostTimer;
  t.clGetKernelSubGroupInfo = ::clGetKernelSubGroupInfo;
  t.clSetDefaultDeviceCommandQueue = ::clSetDefaultDeviceCommandQueue;
  t.clSetProgramReleaseCallback = ::clSetProgramReleaseCallback;
  t.clSetProgramSpecializationConstant = ::clSetProgramSpecializationConstant;
  t.clCreateBufferWithProperties = ::clCreateBufferWithProperties;
  t.clCreateImageWithProperties = ::clCreateImageWithProperties;
  t.clSetContextDestructorCallback = ::clSetContextDestructorCallback;
  return t;
}();

namespace {

struct Named {
  std::string_view name;
  void* address;
};

void* address_of(const char* name) {
  if (name == nullptr) return nullptr;
  static const Named kNamed[] = {
      {"clIcdGetPlatformIDsKHR", reinterpret_cast<void*>(&::clIcdGetPlatformIDsKHR)},
      {"clCreateCommandQueueWithPropertiesKHR", reinterpret_cast<void*>(&::clCreateCommandQueueWithPropertiesKHR)},
      {"clCreateProgramWithILKHR", reinterpret_cast<void*>(&::clCreateProgramWithILKHR)},
      {"clGetKernelSubGroupInfoKHR", reinterpret_cast<void*>(&::clGetKernelSubGroupInfoKHR)},
      // Loaders look for this one by name.
      {"clGetPlatformInfo", reinterpret_cast<void*>(kDispatchTable.clGetPlatformInfo)},
  };
  for (const Named& named : kNamed) {
    if (named.name == name) return named.address;
  }
  return nullptr;
}

}  // namespace
}  // namespace cenote::null

EXPORTED void* clGetExtensionFunctionAddress(const char* func_name) { return cenote::null::address_of(func_name); }

void* clGetExtensionFunctionAddressForPlatform(cl_platform_id /*platform*/, const char* func_name) {
  return cenote::null::address_of(func_name);
}
