// Regions of memory objects as Read, Write and Upload name them, and how they are cut into chunks.
#pragma once

#include <array>
#include <memory>

#include "wire/codec.hpp"
#include "wire/opencl_queries.hpp"
#include "worker/opencl/objects.hpp"

namespace cenote::opencl {

/// A part of a region whose packed bytes lie in one piece at `offset`.
struct Chunk {
  uint64_t offset;
  uint64_t size;
  std::array<size_t, 3> origin;
  std::array<size_t, 3> region;
};

struct Slab;

struct Geometry {
  RegionKind kind = kRegionBuffer;
  std::array<size_t, 3> origin{};
  std::array<size_t, 3> region{};
  size_t row_pitch = 0;
  size_t slice_pitch = 0;
  size_t pixel = 1;
  std::shared_ptr<const Slab> slab;  // shared memory in which it lies, there until all of it has been moved

  /// False where the words are no geometry, or describe other than `total` packed bytes.
  bool parse(uint32_t kind, const wire::Words& words, uint64_t total);
  /// Into how many chunks of at most wire::kChunk bytes it is cut: parts of a row, rows or slices.
  [[nodiscard]] size_t chunks() const;
  [[nodiscard]] Chunk chunk(size_t number) const;

  int32_t read(const Driver& d, cl_command_queue q, cl_mem m, bool blocking, const Chunk& c, void* to, cl_uint waits,
               const cl_event* list, cl_event* event) const;
  int32_t write(const Driver& d, cl_command_queue q, cl_mem m, bool blocking, const Chunk& c, const void* from,
                cl_uint waits, const cl_event* list, cl_event* event) const;

 private:
  /// The region of a chunk that lies at no end.
  [[nodiscard]] std::array<size_t, 3> step() const;
};

}  // namespace cenote::opencl
