// Numbers that shim and worker share in OpenCL's internal messages.
#pragma once

#include <cstdint>

namespace cenote::opencl {

/// Which query a Query message stands for.
enum class QueryFunction : uint32_t {
  kDevice = 1,
  kDeviceTimer,
  kImageFormats,
  kMem,
  kImage,
  kProgram,
  kProgramBuild,
  kProgramBinaries,
  kKernel,
  kKernelArg,
  kKernelWorkGroup,
  kKernelSubGroup,
  kEventProfiling,
  kSuggestedLocalSize,
};

/// What a Read, Write or Upload names, and the words of its geometry.
enum RegionKind : uint32_t {
  kRegionBuffer = 0,  // offset, size
  kRegionRect = 1,    // origin[3] (bytes, rows, slices), region[3], row pitch, slice pitch
  kRegionImage = 2,   // origin[3], region[3] (in pixels), bytes of a pixel
  kRegionSvm = 3,     // address, size; of no memory object
};

/// What a slab of shared memory is to the driver.
enum SvmKind : uint32_t { kSvmCoarse = 0, kSvmFine = 1, kUsmHost = 2, kUsmDevice = 3, kUsmShared = 4 };

/// What a SetArg sets.
enum ArgumentKind : uint32_t { kArgBytes = 0, kArgObject = 1, kArgLocal = 2, kArgSvm = 3, kArgNull = 4, kArgUsm = 5 };

/// What a CreateProgram makes its program from.
enum ProgramKind : uint32_t { kFromSource = 0, kFromBinaries = 1, kFromIl = 2, kFromBuiltIns = 3 };

/// How the value of a kernel's parameter is to be read, in the description of a kernel.
enum ParameterKind : uint32_t { kParameterBytes = 0, kParameterObject = 1, kParameterLocal = 2, kParameterUnknown = 3 };

}  // namespace cenote::opencl
