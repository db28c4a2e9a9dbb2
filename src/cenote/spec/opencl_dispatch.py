"""The table that ICD loaders call through: which function stands in which slot (cl_khr_icd)."""

from __future__ import annotations

# None: a function of extensions that are not carried (sharing with OpenGL, EGL and Direct3D).
DISPATCH: tuple[str | None, ...] = (
    "clGetPlatformIDs",
    "clGetPlatformInfo",
    "clGetDeviceIDs",
    "clGetDeviceInfo",
    "clCreateContext",
    "clCreateContextFromType",
    "clRetainContext",
    "clReleaseContext",
    "clGetContextInfo",
    "clCreateCommandQueue",
    "clRetainCommandQueue",
    "clReleaseCommandQueue",
    "clGetCommandQueueInfo",
    "clSetCommandQueueProperty",
    "clCreateBuffer",
    "clCreateImage2D",
    "clCreateImage3D",
    "clRetainMemObject",
    "clReleaseMemObject",
    "clGetSupportedImageFormats",
    "clGetMemObjectInfo",
    "clGetImageInfo",
    "clCreateSampler",
    "clRetainSampler",
    "clReleaseSampler",
    "clGetSamplerInfo",
    "clCreateProgramWithSource",
    "clCreateProgramWithBinary",
    "clRetainProgram",
    "clReleaseProgram",
    "clBuildProgram",
    "clUnloadCompiler",
    "clGetProgramInfo",
    "clGetProgramBuildInfo",
    "clCreateKernel",
    "clCreateKernelsInProgram",
    "clRetainKernel",
    "clReleaseKernel",
    "clSetKernelArg",
    "clGetKernelInfo",
    "clGetKernelWorkGroupInfo",
    "clWaitForEvents",
    "clGetEventInfo",
    "clRetainEvent",
    "clReleaseEvent",
    "clGetEventProfilingInfo",
    "clFlush",
    "clFinish",
    "clEnqueueReadBuffer",
    "clEnqueueWriteBuffer",
    "clEnqueueCopyBuffer",
    "clEnqueueReadImage",
    "clEnqueueWriteImage",
    "clEnqueueCopyImage",
    "clEnqueueCopyImageToBuffer",
    "clEnqueueCopyBufferToImage",
    "clEnqueueMapBuffer",
    "clEnqueueMapImage",
    "clEnqueueUnmapMemObject",
    "clEnqueueNDRangeKernel",
    "clEnqueueTask",
    "clEnqueueNativeKernel",
    "clEnqueueMarker",
    "clEnqueueWaitForEvents",
    "clEnqueueBarrier",
    "clGetExtensionFunctionAddress",
    None,  # clCreateFromGLBuffer
    None,  # clCreateFromGLTexture2D
    None,  # clCreateFromGLTexture3D
    None,  # clCreateFromGLRenderbuffer
    None,  # clGetGLObjectInfo
    None,  # clGetGLTextureInfo
    None,  # clEnqueueAcquireGLObjects
    None,  # clEnqueueReleaseGLObjects
    None,  # clGetGLContextInfoKHR
    None,  # clGetDeviceIDsFromD3D10KHR
    None,  # clCreateFromD3D10BufferKHR
    None,  # clCreateFromD3D10Texture2DKHR
    None,  # clCreateFromD3D10Texture3DKHR
    None,  # clEnqueueAcquireD3D10ObjectsKHR
    None,  # clEnqueueReleaseD3D10ObjectsKHR
    "clSetEventCallback",
    "clCreateSubBuffer",
    "clSetMemObjectDestructorCallback",
    "clCreateUserEvent",
    "clSetUserEventStatus",
    "clEnqueueReadBufferRect",
    "clEnqueueWriteBufferRect",
    "clEnqueueCopyBufferRect",
    "clCreateSubDevicesEXT",
    "clRetainDeviceEXT",
    "clReleaseDeviceEXT",
    None,  # clCreateEventFromGLsyncKHR
    "clCreateSubDevices",
    "clRetainDevice",
    "clReleaseDevice",
    "clCreateImage",
    "clCreateProgramWithBuiltInKernels",
    "clCompileProgram",
    "clLinkProgram",
    "clUnloadPlatformCompiler",
    "clGetKernelArgInfo",
    "clEnqueueFillBuffer",
    "clEnqueueFillImage",
    "clEnqueueMigrateMemObjects",
    "clEnqueueMarkerWithWaitList",
    "clEnqueueBarrierWithWaitList",
    "clGetExtensionFunctionAddressForPlatform",
    None,  # clCreateFromGLTexture
    None,  # clGetDeviceIDsFromD3D11KHR
    None,  # clCreateFromD3D11BufferKHR
    None,  # clCreateFromD3D11Texture2DKHR
    None,  # clCreateFromD3D11Texture3DKHR
    None,  # clCreateFromDX9MediaSurfaceKHR
    None,  # clEnqueueAcquireD3D11ObjectsKHR
    None,  # clEnqueueReleaseD3D11ObjectsKHR
    None,  # clGetDeviceIDsFromDX9MediaAdapterKHR
    None,  # clEnqueueAcquireDX9MediaSurfacesKHR
    None,  # clEnqueueReleaseDX9MediaSurfacesKHR
    None,  # clCreateFromEGLImageKHR
    None,  # clEnqueueAcquireEGLObjectsKHR
    None,  # clEnqueueReleaseEGLObjectsKHR
    None,  # clCreateEventFromEGLSyncKHR
    "clCreateCommandQueueWithProperties",
    "clCreatePipe",
    "clGetPipeInfo",
    "clSVMAlloc",
    "clSVMFree",
    "clEnqueueSVMFree",
    "clEnqueueSVMMemcpy",
    "clEnqueueSVMMemFill",
    "clEnqueueSVMMap",
    "clEnqueueSVMUnmap",
    "clCreateSamplerWithProperties",
    "clSetKernelArgSVMPointer",
    "clSetKernelExecInfo",
    "clGetKernelSubGroupInfoKHR",
    "clCloneKernel",
    "clCreateProgramWithIL",
    "clEnqueueSVMMigrateMem",
    "clGetDeviceAndHostTimer",
    "clGetHostTimer",
    "clGetKernelSubGroupInfo",
    "clSetDefaultDeviceCommandQueue",
    "clSetProgramReleaseCallback",
    "clSetProgramSpecializationConstant",
    "clCreateBufferWithProperties",
    "clCreateImageWithProperties",
    "clSetContextDestructorCallback",
)
