#include "worker/opencl/share.hpp"

#include <algorithm>
#include <cstring>

namespace cenote::opencl {

namespace {

// The specification's least values for a full profile.
constexpr uint64_t kLeastLargest = uint64_t{32} << 20;
constexpr uint64_t kEnough = uint64_t{1} << 30;
constexpr size_t kLeastImageBuffer = 65536;

uint64_t part_of(uint64_t value, uint64_t bytes, uint64_t memory) {
  return static_cast<uint64_t>(static_cast<unsigned __int128>(value) * bytes / memory);
}

template <class T, class F>
void change(std::vector<char>& value, const F& by) {
  for (size_t at = 0; at + sizeof(T) <= value.size(); at += sizeof(T)) {
    T number;
    std::memcpy(&number, value.data() + at, sizeof number);
    number = static_cast<T>(by(number));
    std::memcpy(value.data() + at, &number, sizeof number);
  }
}

}  // namespace

Share::Share(const Driver& driver, cl_device_id device, uint64_t bytes) : bytes_(bytes) {
  driver.clGetDeviceInfo(device, CL_DEVICE_GLOBAL_MEM_SIZE, sizeof memory_, &memory_, nullptr);
  if (bytes_ >= memory_) return;
  uint64_t own = 0;
  driver.clGetDeviceInfo(device, CL_DEVICE_MAX_MEM_ALLOC_SIZE, sizeof own, &own, nullptr);
  uint64_t least = std::max(std::min(kEnough, bytes_ / 4), kLeastLargest);
  largest_ = std::min({own, bytes_, std::max(part_of(own, bytes_, memory_), least)});
}

void Share::scale(cl_uint param, std::vector<char>& value) const {
  if (bytes_ >= memory_) return;
  switch (param) {
    case CL_DEVICE_GLOBAL_MEM_SIZE:
      return change<cl_ulong>(value, [&](cl_ulong) { return bytes_; });
    case CL_DEVICE_MAX_MEM_ALLOC_SIZE:
      return change<cl_ulong>(value, [&](cl_ulong) { return largest_; });
    case CL_DEVICE_MAX_CONSTANT_BUFFER_SIZE:
      return change<cl_ulong>(value, [&](cl_ulong own) { return std::min<cl_ulong>(own, largest_); });
    case CL_DEVICE_MAX_GLOBAL_VARIABLE_SIZE:
    case CL_DEVICE_GLOBAL_VARIABLE_PREFERRED_TOTAL_SIZE:
      return change<size_t>(value, [&](size_t own) { return std::min<size_t>(own, largest_); });
    case CL_DEVICE_IMAGE_MAX_BUFFER_SIZE:
      return change<size_t>(value, [&](size_t own) {
        return std::min(own, std::max<size_t>(part_of(own, bytes_, memory_), kLeastImageBuffer));
      });
    case CL_DEVICE_GLOBAL_FREE_MEMORY_AMD:  // in KiB
      return change<size_t>(value, [&](size_t own) { return std::min<size_t>(own, bytes_ >> 10); });
    default:
      return;
  }
}

}  // namespace cenote::opencl
