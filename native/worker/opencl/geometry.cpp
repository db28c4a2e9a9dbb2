#include "worker/opencl/geometry.hpp"

#include <algorithm>

#include "wire/codec.hpp"
#include "wire/frames.hpp"
#include "worker/opencl/svm.hpp"

namespace cenote::opencl {

namespace {

constexpr size_t kMaxPixel = 16;

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
  return total != 0 && pixel <= kMaxPixel && product_is(region[0], region[1], region[2], pixel, total);
}

std::array<size_t, 3> Geometry::step() const {
  uint64_t row = region[0] * pixel;
  uint64_t slice = row * region[1];
  if (slice <= wire::kChunk) return {region[0], region[1], wire::kChunk / slice};
  if (row <= wire::kChunk) return {region[0], wire::kChunk / row, 1};
  return {wire::kChunk / pixel, 1, 1};
}

size_t Geometry::chunks() const {
  std::array<size_t, 3> each = step();
  size_t count = 1;
  for (size_t i = 0; i < 3; ++i) count *= (region[i] - 1) / each[i] + 1;
  return count;
}

Chunk Geometry::chunk(size_t number) const {
  std::array<size_t, 3> each = step();
  std::array<size_t, 3> at{};
  std::array<size_t, 3> part{};
  for (size_t i = 0; i < 3; ++i) {
    size_t count = (region[i] - 1) / each[i] + 1;
    at[i] = number % count * each[i];
    part[i] = std::min(each[i], region[i] - at[i]);
    number /= count;
  }
  return {((at[2] * region[1] + at[1]) * region[0] + at[0]) * pixel,
          part[0] * part[1] * part[2] * pixel,
          {origin[0] + at[0], origin[1] + at[1], origin[2] + at[2]},
          part};
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
      return copy_shared(d, q, is_usm(*slab), wait, to, reinterpret_cast<const void*>(c.origin[0]), c.size, waits, list,
                         event);
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
      return copy_shared(d, q, is_usm(*slab), wait, reinterpret_cast<void*>(c.origin[0]), from, c.size, waits, list,
                         event);
  }
  return CL_INVALID_VALUE;
}

}  // namespace cenote::opencl
