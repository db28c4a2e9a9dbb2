// A device of OpenCL 3.0 with all that it may have.
#include <array>
#include <string>

#include "null/answer.hpp"
#include "null/platform.hpp"
#include "null/settings.hpp"

namespace cenote::null {
namespace {

constexpr const char* kIlVersion = "SPIR-V_1.2";
constexpr cl_ulong kFpConfig =
    CL_FP_DENORM | CL_FP_INF_NAN | CL_FP_ROUND_TO_NEAREST | CL_FP_ROUND_TO_ZERO | CL_FP_ROUND_TO_INF | CL_FP_FMA;
constexpr const char* kFeatures =
    "__opencl_c_3d_image_writes __opencl_c_atomic_order_acq_rel __opencl_c_atomic_order_seq_cst "
    "__opencl_c_atomic_scope_device __opencl_c_fp64 __opencl_c_generic_address_space __opencl_c_images "
    "__opencl_c_int64 __opencl_c_pipes __opencl_c_program_scope_global_variables __opencl_c_read_write_images "
    "__opencl_c_subgroups __opencl_c_work_group_collective_functions";

cl_int text_info(cl_device_info name, Answer answer) {
  switch (name) {
    case CL_DEVICE_NAME:
      return answer.text("Cenote null device");
    case CL_DEVICE_VENDOR:
      return answer.text("Cenote");
    case CL_DRIVER_VERSION:
      return answer.text("1.0");
    case CL_DEVICE_PROFILE:
      return answer.text("FULL_PROFILE");
    case CL_DEVICE_VERSION:
      return answer.text("OpenCL 3.0 Cenote null");
    case CL_DEVICE_OPENCL_C_VERSION:
      return answer.text("OpenCL C 3.0 Cenote null");
    case CL_DEVICE_EXTENSIONS:
      return answer.text(extensions());
    case CL_DEVICE_IL_VERSION:
      return answer.text(kIlVersion);
    case CL_DEVICE_BUILT_IN_KERNELS:
    case CL_DEVICE_LATEST_CONFORMANCE_VERSION_PASSED:
      return answer.text("");
    default:
      return CL_INVALID_VALUE;
  }
}

cl_int list_info(cl_device_id device, cl_device_info name, Answer answer) {
  switch (name) {
    case CL_DEVICE_MAX_WORK_ITEM_SIZES:
      return answer.list(std::vector<size_t>(3, kMaxWorkGroup));
    case CL_DEVICE_PARTITION_PROPERTIES:
      return answer.list(
          std::vector<cl_device_partition_property>{CL_DEVICE_PARTITION_EQUALLY, CL_DEVICE_PARTITION_BY_COUNTS});
    case CL_DEVICE_PARTITION_TYPE:
      return answer.list(device->partition);
    case CL_DEVICE_EXTENSIONS_WITH_VERSION:
      return answer.list(name_versions(split(extensions()), kFirstVersion));
    case CL_DEVICE_ILS_WITH_VERSION:
      return answer.list(name_versions({"SPIR-V"}, kFirstVersion | (2U << 12)));
    case CL_DEVICE_BUILT_IN_KERNELS_WITH_VERSION:
      return answer.bytes(nullptr, 0);
    case CL_DEVICE_OPENCL_C_FEATURES:
      return answer.list(name_versions(split(kFeatures), kVersion));
    case CL_DEVICE_OPENCL_C_ALL_VERSIONS: {
      auto versions = name_versions({"OpenCL C", "OpenCL C", "OpenCL C", "OpenCL C", "OpenCL C"}, kVersion);
      constexpr std::array<cl_version, 5> kAll = {1U << 22, 1U << 22 | 1U << 12, 1U << 22 | 2U << 12, 2U << 22,
                                                  kVersion};
      for (size_t i = 0; i < kAll.size(); ++i) versions[i].version = kAll[i];
      return answer.list(versions);
    }
    case CL_DEVICE_UUID_KHR:
    case CL_DRIVER_UUID_KHR: {
      std::array<cl_uchar, CL_UUID_SIZE_KHR> uuid{'C', 'e', 'n', 'o', 't', 'e', ' ', 'n', 'u', 'l', 'l'};
      if (name == CL_DEVICE_UUID_KHR) uuid.back() = static_cast<cl_uchar>(device->index + 1);
      return answer.bytes(uuid.data(), uuid.size());
    }
    case CL_DEVICE_LUID_KHR:
      return answer.bytes(std::array<cl_uchar, CL_LUID_SIZE_KHR>{}.data(), CL_LUID_SIZE_KHR);
    default:
      return text_info(name, answer);
  }
}

cl_int bits_info(cl_device_id device, cl_device_info name, Answer answer) {
  switch (name) {
    case CL_DEVICE_TYPE:
      return answer.number<cl_device_type>(CL_DEVICE_TYPE_GPU | (device->index == 0 ? CL_DEVICE_TYPE_DEFAULT : 0));
    case CL_DEVICE_SINGLE_FP_CONFIG:
      return answer.number<cl_ulong>(kFpConfig | CL_FP_CORRECTLY_ROUNDED_DIVIDE_SQRT);
    case CL_DEVICE_DOUBLE_FP_CONFIG:
      return answer.number<cl_ulong>(kFpConfig);
    case CL_DEVICE_EXECUTION_CAPABILITIES:
      return answer.number<cl_ulong>(CL_EXEC_KERNEL);
    case CL_DEVICE_QUEUE_ON_HOST_PROPERTIES:
      return answer.number<cl_ulong>(CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE | CL_QUEUE_PROFILING_ENABLE);
    case CL_DEVICE_SVM_CAPABILITIES:
      return answer.number<cl_ulong>(CL_DEVICE_SVM_COARSE_GRAIN_BUFFER | CL_DEVICE_SVM_FINE_GRAIN_BUFFER);
    case CL_DEVICE_ATOMIC_MEMORY_CAPABILITIES:
    case CL_DEVICE_ATOMIC_FENCE_CAPABILITIES:
      return answer.number<cl_ulong>(CL_DEVICE_ATOMIC_ORDER_RELAXED | CL_DEVICE_ATOMIC_ORDER_ACQ_REL |
                                     CL_DEVICE_ATOMIC_ORDER_SEQ_CST | CL_DEVICE_ATOMIC_SCOPE_WORK_GROUP |
                                     CL_DEVICE_ATOMIC_SCOPE_DEVICE);
    case CL_DEVICE_DEVICE_ENQUEUE_CAPABILITIES:
    case CL_DEVICE_QUEUE_ON_DEVICE_PROPERTIES:
    case CL_DEVICE_PARTITION_AFFINITY_DOMAIN:
      return answer.number<cl_ulong>(0);
    case CL_DEVICE_MAX_MEM_ALLOC_SIZE:
      return answer.number<cl_ulong>(kMaxAllocation);
    case CL_DEVICE_GLOBAL_MEM_SIZE:
      return answer.number<cl_ulong>(kGlobalMemory);
    case CL_DEVICE_GLOBAL_MEM_CACHE_SIZE:
      return answer.number<cl_ulong>(4 << 20);
    case CL_DEVICE_MAX_CONSTANT_BUFFER_SIZE:
    case CL_DEVICE_LOCAL_MEM_SIZE:
      return answer.number<cl_ulong>(kLocalMemory);
    default:
      return list_info(device, name, answer);
  }
}

cl_int size_info(cl_device_id device, cl_device_info name, Answer answer) {
  switch (name) {
    case CL_DEVICE_MAX_WORK_GROUP_SIZE:
      return answer.number<size_t>(kMaxWorkGroup);
    case CL_DEVICE_IMAGE2D_MAX_WIDTH:
    case CL_DEVICE_IMAGE2D_MAX_HEIGHT:
      return answer.number<size_t>(kMaxImageSide);
    case CL_DEVICE_IMAGE3D_MAX_WIDTH:
    case CL_DEVICE_IMAGE3D_MAX_HEIGHT:
    case CL_DEVICE_IMAGE3D_MAX_DEPTH:
    case CL_DEVICE_IMAGE_MAX_ARRAY_SIZE:
      return answer.number<size_t>(kMaxImageDepth);
    case CL_DEVICE_IMAGE_MAX_BUFFER_SIZE:
      return answer.number<size_t>(kMaxImageBuffer);
    case CL_DEVICE_MAX_PARAMETER_SIZE:
      return answer.number<size_t>(4096);
    case CL_DEVICE_PROFILING_TIMER_RESOLUTION:
      return answer.number<size_t>(1);
    case CL_DEVICE_PRINTF_BUFFER_SIZE:
      return answer.number<size_t>(1 << 20);
    case CL_DEVICE_MAX_GLOBAL_VARIABLE_SIZE:
    case CL_DEVICE_GLOBAL_VARIABLE_PREFERRED_TOTAL_SIZE:
      return answer.number<size_t>(64 << 10);
    case CL_DEVICE_PREFERRED_WORK_GROUP_SIZE_MULTIPLE:
      return answer.number<size_t>(32);
    case CL_DEVICE_GLOBAL_FREE_MEMORY_AMD: {
      size_t free = (kGlobalMemory - device->root()->memory_in_use) >> 10;
      return answer.list(std::vector<size_t>{free, free});
    }
    default:
      return bits_info(device, name, answer);
  }
}

cl_int flag_info(cl_device_id device, cl_device_info name, Answer answer) {
  switch (name) {
    case CL_DEVICE_IMAGE_SUPPORT:
    case CL_DEVICE_ENDIAN_LITTLE:
    case CL_DEVICE_AVAILABLE:
    case CL_DEVICE_COMPILER_AVAILABLE:
    case CL_DEVICE_LINKER_AVAILABLE:
    case CL_DEVICE_PREFERRED_INTEROP_USER_SYNC:
    case CL_DEVICE_SUB_GROUP_INDEPENDENT_FORWARD_PROGRESS:
    case CL_DEVICE_NON_UNIFORM_WORK_GROUP_SUPPORT:
    case CL_DEVICE_WORK_GROUP_COLLECTIVE_FUNCTIONS_SUPPORT:
    case CL_DEVICE_GENERIC_ADDRESS_SPACE_SUPPORT:
    case CL_DEVICE_PIPE_SUPPORT:
      return answer.flag(true);
    case CL_DEVICE_ERROR_CORRECTION_SUPPORT:
    case CL_DEVICE_HOST_UNIFIED_MEMORY:
    case CL_DEVICE_LUID_VALID_KHR:
      return answer.flag(false);
    default:
      return size_info(device, name, answer);
  }
}

cl_int device_info(cl_device_id device, cl_device_info name, Answer answer) {
  switch (name) {
    case CL_DEVICE_PLATFORM:
      return answer.number<cl_platform_id>(platform());
    case CL_DEVICE_PARENT_DEVICE:
      return answer.number<cl_device_id>(device->parent.get());
    case CL_DEVICE_REFERENCE_COUNT:
      return answer.number<cl_uint>(device->parent ? Pool<_cl_device_id>::instance().handles(device) : 1);
    case CL_DEVICE_VENDOR_ID:
      return answer.number<cl_uint>(0xCE07E);
    case CL_DEVICE_MAX_COMPUTE_UNITS:
    case CL_DEVICE_PARTITION_MAX_SUB_DEVICES:
      return answer.number<cl_uint>(device->compute_units);
    case CL_DEVICE_MAX_WORK_ITEM_DIMENSIONS:
      return answer.number<cl_uint>(3);
    case CL_DEVICE_PREFERRED_VECTOR_WIDTH_CHAR:
    case CL_DEVICE_PREFERRED_VECTOR_WIDTH_SHORT:
    case CL_DEVICE_PREFERRED_VECTOR_WIDTH_INT:
    case CL_DEVICE_PREFERRED_VECTOR_WIDTH_LONG:
    case CL_DEVICE_PREFERRED_VECTOR_WIDTH_FLOAT:
    case CL_DEVICE_PREFERRED_VECTOR_WIDTH_DOUBLE:
    case CL_DEVICE_NATIVE_VECTOR_WIDTH_CHAR:
    case CL_DEVICE_NATIVE_VECTOR_WIDTH_SHORT:
    case CL_DEVICE_NATIVE_VECTOR_WIDTH_INT:
    case CL_DEVICE_NATIVE_VECTOR_WIDTH_LONG:
    case CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT:
    case CL_DEVICE_NATIVE_VECTOR_WIDTH_DOUBLE:
      return answer.number<cl_uint>(1);
    case CL_DEVICE_PREFERRED_VECTOR_WIDTH_HALF:
    case CL_DEVICE_NATIVE_VECTOR_WIDTH_HALF:
    case CL_DEVICE_QUEUE_ON_DEVICE_PREFERRED_SIZE:
    case CL_DEVICE_QUEUE_ON_DEVICE_MAX_SIZE:
    case CL_DEVICE_MAX_ON_DEVICE_QUEUES:
    case CL_DEVICE_MAX_ON_DEVICE_EVENTS:
    case CL_DEVICE_PREFERRED_PLATFORM_ATOMIC_ALIGNMENT:
    case CL_DEVICE_PREFERRED_GLOBAL_ATOMIC_ALIGNMENT:
    case CL_DEVICE_PREFERRED_LOCAL_ATOMIC_ALIGNMENT:
    case CL_DEVICE_NODE_MASK_KHR:
      return answer.number<cl_uint>(0);
    case CL_DEVICE_MAX_CLOCK_FREQUENCY:
      return answer.number<cl_uint>(1000);
    case CL_DEVICE_ADDRESS_BITS:
      return answer.number<cl_uint>(64);
    case CL_DEVICE_MAX_READ_IMAGE_ARGS:
      return answer.number<cl_uint>(128);
    case CL_DEVICE_MAX_WRITE_IMAGE_ARGS:
    case CL_DEVICE_MAX_READ_WRITE_IMAGE_ARGS:
    case CL_DEVICE_MAX_NUM_SUB_GROUPS:
      return answer.number<cl_uint>(64);
    case CL_DEVICE_MAX_SAMPLERS:
    case CL_DEVICE_MAX_PIPE_ARGS:
      return answer.number<cl_uint>(16);
    case CL_DEVICE_MEM_BASE_ADDR_ALIGN:
      return answer.number<cl_uint>(kBaseAlignment * 8);
    case CL_DEVICE_MIN_DATA_TYPE_ALIGN_SIZE:
      return answer.number<cl_uint>(kBaseAlignment);
    case CL_DEVICE_GLOBAL_MEM_CACHE_TYPE:
      return answer.number<cl_uint>(CL_READ_WRITE_CACHE);
    case CL_DEVICE_GLOBAL_MEM_CACHELINE_SIZE:
      return answer.number<cl_uint>(64);
    case CL_DEVICE_MAX_CONSTANT_ARGS:
      return answer.number<cl_uint>(8);
    case CL_DEVICE_LOCAL_MEM_TYPE:
      return answer.number<cl_uint>(CL_LOCAL);
    case CL_DEVICE_IMAGE_PITCH_ALIGNMENT:
    case CL_DEVICE_IMAGE_BASE_ADDRESS_ALIGNMENT:
    case CL_DEVICE_PIPE_MAX_ACTIVE_RESERVATIONS:
      return answer.number<cl_uint>(1);
    case CL_DEVICE_PIPE_MAX_PACKET_SIZE:
      return answer.number<cl_uint>(1024);
    case CL_DEVICE_NUMERIC_VERSION:
      return answer.number<cl_version>(kVersion);
    default:
      return flag_info(device, name, answer);
  }
}

}  // namespace
}  // namespace cenote::null

cl_int clGetDeviceInfo(cl_device_id device, cl_device_info param_name, size_t param_value_size, void* param_value,
                       size_t* param_value_size_ret) {
  if (!cenote::null::valid(device)) return CL_INVALID_DEVICE;
  return cenote::null::device_info(device, param_name, {param_value_size, param_value, param_value_size_ret});
}
