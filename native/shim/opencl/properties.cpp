#include "shim/opencl/properties.hpp"

namespace cenote::opencl {

bool Properties::read(wire::Reader& count_and_list) {
  uint64_t count = count_and_list.word();
  wire::Blob list = count_and_list.bytes();
  wire::Reader entries(list.data, list.size());
  for (uint64_t i = 0; i < count && entries.ok(); ++i) {
    auto param = static_cast<cl_uint>(entries.word());
    wire::Blob value = entries.bytes();
    set(param, value.data, value.size());
  }
  return entries.ok() && count_and_list.ok();
}

}  // namespace cenote::opencl
