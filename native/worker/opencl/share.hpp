// What a program sees of a device that it has a share of: the same device with less memory.
#pragma once

#include <cstdint>
#include <vector>

#include "api/opencl_driver.hpp"

namespace cenote::opencl {

class Share {
 public:
  /// `bytes` of the device's memory; all of it looks like the device itself.
  Share(const Driver& driver, cl_device_id device, uint64_t bytes);
  /// Changes the device's answer to a query.
  void scale(cl_uint param, std::vector<char>& value) const;

 private:
  uint64_t memory_ = 0;  // of the device
  uint64_t bytes_;
  uint64_t largest_ = 0;  // allocation
};

}  // namespace cenote::opencl
