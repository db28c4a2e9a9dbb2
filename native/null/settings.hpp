// What the environment says about the null driver.
#pragma once

#include "api/opencl_api.hpp"

namespace cenote::null {

inline constexpr cl_ulong kGlobalMemory = cl_ulong{16} << 30;
inline constexpr cl_ulong kMaxAllocation = cl_ulong{4} << 30;
inline constexpr cl_ulong kLocalMemory = 64 << 10;
inline constexpr size_t kMaxWorkGroup = 1024;
inline constexpr cl_uint kMaxImageSide = 16384;
inline constexpr cl_uint kMaxImageDepth = 2048;
inline constexpr size_t kMaxImageBuffer = size_t{1} << 27;
inline constexpr cl_uint kBaseAlignment = 128;  // bytes

/// CENOTE_NULL_DEVICES, else 1.
cl_uint device_count();

/// CENOTE_NULL_MEMORY=1: memory objects hold the bytes written to them; otherwise every read gives zeros.
bool keeps_bytes();

/// CENOTE_NULL_CONTEXT: bytes of each of its devices that a context takes, else 0.
uint64_t context_memory();

}  // namespace cenote::null
