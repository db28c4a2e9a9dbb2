#include "shim/opencl/stub.hpp"
#include "shim/opencl_hand.hpp"
#include "shim/opencl/memory.hpp"
namespace cenote::opencl { namespace hand {
cl_int clCreateSubDevices(cl_device_id, const cl_device_partition_property*, cl_uint, cl_device_id*, cl_uint*) { return CL_INVALID_OPERATION; }
cl_int clCreateSubDevicesEXT(cl_device_id, const cl_device_partition_property_ext*, cl_uint, cl_device_id*, cl_uint*) { return CL_INVALID_OPERATION; }
cl_mem clCreateImage(cl_context, cl_mem_flags, const cl_image_format*, const cl_image_desc*, void*, cl_int*) { return nullptr; }
cl_mem clCreateImageWithProperties(cl_context, const cl_mem_properties*, cl_mem_flags, const cl_image_format*, const cl_image_desc*, void*, cl_int*) { return nullptr; }
cl_mem clCreateImage2D(cl_context, cl_mem_flags, const cl_image_format*, size_t, size_t, size_t, void*, cl_int*) { return nullptr; }
cl_mem clCreateImage3D(cl_context, cl_mem_flags, const cl_image_format*, size_t, size_t, size_t, size_t, size_t, void*, cl_int*) { return nullptr; }
cl_int clGetSupportedImageFormats(cl_context, cl_mem_flags, cl_mem_object_type, cl_uint, cl_image_format*, cl_uint*) { return CL_INVALID_OPERATION; }
cl_int clGetImageInfo(cl_mem, cl_image_info, size_t, void*, size_t*) { return CL_INVALID_OPERATION; }
cl_mem clCreatePipe(cl_context, cl_mem_flags, cl_uint, cl_uint, const cl_pipe_properties*, cl_int*) { return nullptr; }
cl_int clGetPipeInfo(cl_mem, cl_pipe_info, size_t, void*, size_t*) { return CL_INVALID_OPERATION; }
cl_sampler clCreateSamplerWithProperties(cl_context, const cl_sampler_properties*, cl_int*) { return nullptr; }
cl_int clRetainSampler(cl_sampler) { return CL_INVALID_OPERATION; }
cl_int clReleaseSampler(cl_sampler) { return CL_INVALID_OPERATION; }
cl_int clGetSamplerInfo(cl_sampler, cl_sampler_info, size_t, void*, size_t*) { return CL_INVALID_OPERATION; }
void* clEnqueueMapBuffer(cl_command_queue, cl_mem, cl_bool, cl_map_flags, size_t, size_t, cl_uint, const cl_event*, cl_event*, cl_int*) { return nullptr; }
cl_int clEnqueueReadImage(cl_command_queue, cl_mem, cl_bool, const size_t*, const size_t*, size_t, size_t, void*, cl_uint, const cl_event*, cl_event*) { return CL_INVALID_OPERATION; }
cl_int clEnqueueWriteImage(cl_command_queue, cl_mem, cl_bool, const size_t*, const size_t*, size_t, size_t, const void*, cl_uint, const cl_event*, cl_event*) { return CL_INVALID_OPERATION; }
cl_int clEnqueueFillImage(cl_command_queue, cl_mem, const void*, const size_t*, const size_t*, cl_uint, const cl_event*, cl_event*) { return CL_INVALID_OPERATION; }
void* clEnqueueMapImage(cl_command_queue, cl_mem, cl_bool, cl_map_flags, const size_t*, const size_t*, size_t*, size_t*, cl_uint, const cl_event*, cl_event*, cl_int*) { return nullptr; }
cl_int clEnqueueUnmapMemObject(cl_command_queue, cl_mem, void*, cl_uint, const cl_event*, cl_event*) { return CL_INVALID_OPERATION; }
void* clSVMAlloc(cl_context, cl_svm_mem_flags, size_t, cl_uint) { return nullptr; }
void clSVMFree(cl_context, void*) { return; }
cl_int clSetKernelArgSVMPointer(cl_kernel, cl_uint, const void*) { return CL_INVALID_OPERATION; }
cl_int clSetKernelExecInfo(cl_kernel, cl_kernel_exec_info, size_t, const void*) { return CL_INVALID_OPERATION; }
cl_int clEnqueueSVMFree(cl_command_queue, cl_uint, void**, void (CL_CALLBACK*)(cl_command_queue queue, cl_uint num_svm_pointers, void** svm_pointers, void* user_data), void*, cl_uint, const cl_event*, cl_event*) { return CL_INVALID_OPERATION; }
cl_int clEnqueueSVMMemcpy(cl_command_queue, cl_bool, void*, const void*, size_t, cl_uint, const cl_event*, cl_event*) { return CL_INVALID_OPERATION; }
cl_int clEnqueueSVMMemFill(cl_command_queue, void*, const void*, size_t, size_t, cl_uint, const cl_event*, cl_event*) { return CL_INVALID_OPERATION; }
cl_int clEnqueueSVMMap(cl_command_queue, cl_bool, cl_map_flags, void*, size_t, cl_uint, const cl_event*, cl_event*) { return CL_INVALID_OPERATION; }
cl_int clEnqueueSVMUnmap(cl_command_queue, void*, cl_uint, const cl_event*, cl_event*) { return CL_INVALID_OPERATION; }
cl_int clEnqueueSVMMigrateMem(cl_command_queue, cl_uint, const void**, const size_t*, cl_mem_migration_flags, cl_uint, const cl_event*, cl_event*) { return CL_INVALID_OPERATION; }
void* clHostMemAllocINTEL(cl_context, const cl_mem_properties_intel*, size_t, cl_uint, cl_int*) { return nullptr; }
void* clDeviceMemAllocINTEL(cl_context, cl_device_id, const cl_mem_properties_intel*, size_t, cl_uint, cl_int*) { return nullptr; }
void* clSharedMemAllocINTEL(cl_context, cl_device_id, const cl_mem_properties_intel*, size_t, cl_uint, cl_int*) { return nullptr; }
cl_int clMemFreeINTEL(cl_context, void*) { return CL_INVALID_OPERATION; }
cl_int clMemBlockingFreeINTEL(cl_context, void*) { return CL_INVALID_OPERATION; }
cl_int clGetMemAllocInfoINTEL(cl_context, const void*, cl_mem_info_intel, size_t, void*, size_t*) { return CL_INVALID_OPERATION; }
cl_int clSetKernelArgMemPointerINTEL(cl_kernel, cl_uint, const void*) { return CL_INVALID_OPERATION; }
cl_int clEnqueueMemsetINTEL(cl_command_queue, void*, cl_int, size_t, cl_uint, const cl_event*, cl_event*) { return CL_INVALID_OPERATION; }
cl_int clEnqueueMemFillINTEL(cl_command_queue, void*, const void*, size_t, size_t, cl_uint, const cl_event*, cl_event*) { return CL_INVALID_OPERATION; }
cl_int clEnqueueMemcpyINTEL(cl_command_queue, cl_bool, void*, const void*, size_t, cl_uint, const cl_event*, cl_event*) { return CL_INVALID_OPERATION; }
cl_int clEnqueueMigrateMemINTEL(cl_command_queue, const void*, size_t, cl_mem_migration_flags, cl_uint, const cl_event*, cl_event*) { return CL_INVALID_OPERATION; }
cl_int clEnqueueMemAdviseINTEL(cl_command_queue, const void*, size_t, cl_mem_advice_intel, cl_uint, const cl_event*, cl_event*) { return CL_INVALID_OPERATION; }
cl_command_buffer_khr clCreateCommandBufferKHR(cl_uint, const cl_command_queue*, const cl_command_buffer_properties_khr*, cl_int*) { return nullptr; }
cl_int clFinalizeCommandBufferKHR(cl_command_buffer_khr) { return CL_INVALID_OPERATION; }
cl_int clRetainCommandBufferKHR(cl_command_buffer_khr) { return CL_INVALID_OPERATION; }
cl_int clReleaseCommandBufferKHR(cl_command_buffer_khr) { return CL_INVALID_OPERATION; }
cl_int clGetCommandBufferInfoKHR(cl_command_buffer_khr, cl_command_buffer_info_khr, size_t, void*, size_t*) { return CL_INVALID_OPERATION; }
cl_int clEnqueueCommandBufferKHR(cl_uint, cl_command_queue*, cl_command_buffer_khr, cl_uint, const cl_event*, cl_event*) { return CL_INVALID_OPERATION; }
cl_int clCommandBarrierWithWaitListKHR(cl_command_buffer_khr, cl_command_queue, const cl_command_properties_khr*, cl_uint, const cl_sync_point_khr*, cl_sync_point_khr*, cl_mutable_command_khr*) { return CL_INVALID_OPERATION; }
cl_int clCommandCopyBufferKHR(cl_command_buffer_khr, cl_command_queue, const cl_command_properties_khr*, cl_mem, cl_mem, size_t, size_t, size_t, cl_uint, const cl_sync_point_khr*, cl_sync_point_khr*, cl_mutable_command_khr*) { return CL_INVALID_OPERATION; }
cl_int clCommandCopyBufferRectKHR(cl_command_buffer_khr, cl_command_queue, const cl_command_properties_khr*, cl_mem, cl_mem, const size_t*, const size_t*, const size_t*, size_t, size_t, size_t, size_t, cl_uint, const cl_sync_point_khr*, cl_sync_point_khr*, cl_mutable_command_khr*) { return CL_INVALID_OPERATION; }
cl_int clCommandCopyBufferToImageKHR(cl_command_buffer_khr, cl_command_queue, const cl_command_properties_khr*, cl_mem, cl_mem, size_t, const size_t*, const size_t*, cl_uint, const cl_sync_point_khr*, cl_sync_point_khr*, cl_mutable_command_khr*) { return CL_INVALID_OPERATION; }
cl_int clCommandCopyImageKHR(cl_command_buffer_khr, cl_command_queue, const cl_command_properties_khr*, cl_mem, cl_mem, const size_t*, const size_t*, const size_t*, cl_uint, const cl_sync_point_khr*, cl_sync_point_khr*, cl_mutable_command_khr*) { return CL_INVALID_OPERATION; }
cl_int clCommandCopyImageToBufferKHR(cl_command_buffer_khr, cl_command_queue, const cl_command_properties_khr*, cl_mem, cl_mem, const size_t*, const size_t*, size_t, cl_uint, const cl_sync_point_khr*, cl_sync_point_khr*, cl_mutable_command_khr*) { return CL_INVALID_OPERATION; }
cl_int clCommandFillBufferKHR(cl_command_buffer_khr, cl_command_queue, const cl_command_properties_khr*, cl_mem, const void*, size_t, size_t, size_t, cl_uint, const cl_sync_point_khr*, cl_sync_point_khr*, cl_mutable_command_khr*) { return CL_INVALID_OPERATION; }
cl_int clCommandFillImageKHR(cl_command_buffer_khr, cl_command_queue, const cl_command_properties_khr*, cl_mem, const void*, const size_t*, const size_t*, cl_uint, const cl_sync_point_khr*, cl_sync_point_khr*, cl_mutable_command_khr*) { return CL_INVALID_OPERATION; }
cl_int clCommandNDRangeKernelKHR(cl_command_buffer_khr, cl_command_queue, const cl_command_properties_khr*, cl_kernel, cl_uint, const size_t*, const size_t*, const size_t*, cl_uint, const cl_sync_point_khr*, cl_sync_point_khr*, cl_mutable_command_khr*) { return CL_INVALID_OPERATION; }
cl_int clCommandSVMMemcpyKHR(cl_command_buffer_khr, cl_command_queue, const cl_command_properties_khr*, void*, const void*, size_t, cl_uint, const cl_sync_point_khr*, cl_sync_point_khr*, cl_mutable_command_khr*) { return CL_INVALID_OPERATION; }
cl_int clCommandSVMMemFillKHR(cl_command_buffer_khr, cl_command_queue, const cl_command_properties_khr*, void*, const void*, size_t, size_t, cl_uint, const cl_sync_point_khr*, cl_sync_point_khr*, cl_mutable_command_khr*) { return CL_INVALID_OPERATION; }
}
namespace check {
cl_int clCreateSampler(cl_context, cl_bool, cl_addressing_mode, cl_filter_mode, cl_int*) { return CL_SUCCESS; }
cl_int clEnqueueCopyImage(cl_command_queue, cl_mem, cl_mem, const size_t*, const size_t*, const size_t*, cl_uint, const cl_event*, cl_event*) { return CL_SUCCESS; }
cl_int clEnqueueCopyImageToBuffer(cl_command_queue, cl_mem, cl_mem, const size_t*, const size_t*, size_t, cl_uint, const cl_event*, cl_event*) { return CL_SUCCESS; }
cl_int clEnqueueCopyBufferToImage(cl_command_queue, cl_mem, cl_mem, size_t, const size_t*, const size_t*, cl_uint, const cl_event*, cl_event*) { return CL_SUCCESS; }
}
MemState::~MemState() = default;
MemState& state_of(Mem* mem) { if (mem->state == nullptr) mem->state = std::make_unique<MemState>(); return *mem->state; }
cl_uint map_count(Mem*) { return 0; }
bool is_svm(const Context*, const void*) { return false; }
}
