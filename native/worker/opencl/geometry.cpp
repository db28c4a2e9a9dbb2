#include "worker/opencl/geometry.hpp"

#include <algorithm>

#include "wire/codec.hpp"
#include "wire/frames.hpp"
#include "worker/opencl/svm.hpp"

namespace cenote::opencl {

namespace {

bool product_is(size_t a, size_t b, size_t c, size_t d, uint64_t total) {
  size_t ab = 0;
  size_t cd = 0;
  size_t all = 0;
  return !__builtin_mul_overflow(a, b, &ab) && !__builtin_mul_overflow(c, d, &cd) &&
         !__builtin_mul_overflow(ab, cd, &all) && all == total;
}

}  // namespace

bool Geometry::parse(uint32_t which, const wire::Words& words, uint64_t total) {
  kind = static_cast<RegionKind>(which);
  switch (kind) {
    case kRegionBuffer:
    case kRegionSvm:
      if (words.size() != 2) return false;
      origin = {words[0], 0, 0};
      region = {words[1], 1, 1};
      break;
    case kRegionRect:
      if (words.size() != 8) return false;
      origin = {words[0], words[1], words[2]};
      region = {words[3], words[4], words[5]};
      row_pitch = words[6];
      slice_pitch = words[7];
      break;
    case kRegionImage:
      if (words.size() != 7) return false;
      origin = {words[0], words[1], words[2]};
      region = {words[3], words[4], words[5]};
      pixel = words[6];
      break;
    default:
      return false;
  }
  return total != 0 && product_is(region[0], region[1], region[2], pixel, total);
}

std::vector<Chunk> Geometry::chunks() const {
  std::vector<Chunk> all;
  uint64_t row = region[0] * pixel;
  uint64_t slice = row * region[1];
  auto add = [&](size_t x, size_t y, size_t z, size_t w, size_t h, size_t d) {
    all.push_back({z * slice + y * row + x * pixel,
                   uint64_t{w} * pixel * h * d,
                   {origin[0] + x, origin[1] + y, origin[2] + z},
                   {w, h, d}});
  };
  if (slice <= wire::kChunk) {
    size_t step = std::max<size_t>(1, wire::kChunk / slice);
    for (size_t z = 0; z < region[2]; z += step) add(0, 0, z, region[0], region[1], std::min(step, region[2] - z));
    return all;
  }
  size_t rows = std::max<size_t>(1, wire::kChunk / row);
  size_t columns = row <= wire::kChunk ? region[0] : wire::kChunk / pixel;
  for (size_t z = 0; z < region[2]; ++z) {
    for (size_t y = 0; y < region[1]; y += rows) {
      for (size_t x = 0; x < region[0]; x += columns) {
        add(x, y, z, std::min(columns, region[0] - x), std::min(rows, region[1] - y), 1);
      }
    }
  }
  return all;
}

int32_t Geometry::read(const Driver& d, cl_command_queue q, cl_mem m, bool blocking, const Chunk& c, void* to,
                       cl_uint waits, const cl_event* list, cl_event* event) const {
  cl_bool wait = blocking ? 1 : 0;
  switch (kind) {
    case kRegionBuffer:
      return d.clEnqueueReadBuffer(q, m, wait, c.origin[0], c.size, to, waits, list, event);
    case kRegionRect: {
      const size_t zero[3] = {0, 0, 0};
      return d.clEnqueueReadBufferRect(q, m, wait, c.origin.data(), zero, c.region.data(), row_pitch, slice_pitch,
                                       c.region[0], c.region[0] * c.region[1], to, waits, list, event);
    }
    case kRegionImage:
      return d.clEnqueueReadImage(q, m, wait, c.origin.data(), c.region.data(), 0, 0, to, waits, list, event);
    case kRegionSvm:
      return copy_shared(d, q, usm, wait, to, reinterpret_cast<const void*>(c.origin[0]), c.size, waits, list, event);
  }
  return CL_INVALID_VALUE;
}

int32_t Geometry::write(const Driver& d, cl_command_queue q, cl_mem m, bool blocking, const Chunk& c, const void* from,
                        cl_uint waits, const cl_event* list, cl_event* event) const {
  cl_bool wait = blocking ? 1 : 0;
  switch (kind) {
    case kRegionBuffer:
      return d.clEnqueueWriteBuffer(q, m, wait, c.origin[0], c.size, from, waits, list, event);
    case kRegionRect: {
      const size_t zero[3] = {0, 0, 0};
      return d.clEnqueueWriteBufferRect(q, m, wait, c.origin.data(), zero, c.region.data(), row_pitch, slice_pitch,
                                        c.region[0], c.region[0] * c.region[1], from, waits, list, event);
    }
    case kRegionImage:
      return d.clEnqueueWriteImage(q, m, wait, c.origin.data(), c.region.data(), 0, 0, from, waits, list, event);
    case kRegionSvm:
      return copy_shared(d, q, usm, wait, reinterpret_cast<void*>(c.origin[0]), from, c.size, waits, list, event);
  }
  return CL_INVALID_VALUE;
}

}  // namespace cenote::opencl
