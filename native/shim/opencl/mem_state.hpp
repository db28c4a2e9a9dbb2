// The part of a memory object that only some have: an image's description, maps, destructor callbacks.
#pragma once

#include <map>
#include <mutex>
#include <vector>

#include "shim/opencl/objects.hpp"

namespace cenote::opencl {

/// A region that the program has mapped, by the pointer that it got.
struct Mapping {
  cl_map_flags flags = 0;
  size_t origin[3] = {0, 0, 0};
  size_t region[3] = {0, 0, 0};
  char* at = nullptr;
  size_t row_pitch = 0;
  size_t slice_pitch = 0;
};

struct MemState {
  cl_image_format format{};
  cl_image_desc description{};
  size_t pixel = 0;  // bytes of an image's element
  cl_uint pipe_packet_size = 0;
  cl_uint pipe_max_packets = 0;
  std::vector<DestructorCallback> destructors;
  std::mutex lock;
  char* shadow =
      nullptr;  // of a root buffer or an image, reserved at the first map; the host pointer where there is one
  size_t shadow_size = 0;
  std::multimap<void*, Mapping> mappings;

  MemState() = default;
  MemState(const MemState&) = delete;
  MemState& operator=(const MemState&) = delete;
  ~MemState();
};

/// The object's state, made at first use.
MemState& state_of(Mem* mem);

}  // namespace cenote::opencl
