// The drivers of this host: loading them, listing their devices, and telling a client everything about its own.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "worker/bytes.hpp"
#include "worker/opencl/objects.hpp"

namespace cenote::opencl {

/// The platforms and devices that one session may use.
struct Inventory {
  std::vector<Ref<Platform>> platforms;
  std::vector<Ref<Device>> devices;  // all that the host has, in the order of their indexes
  std::vector<uint32_t> lent;        // indexes of those in the allocation
};

/// Loads the host's OpenCL loader (CENOTE_OPENCL_LOADER, else libOpenCL.so.1) and finds every device. NULL with a
/// sentence in `error` where there is no loader, or where it is a shim of ours.
std::unique_ptr<Inventory> load_inventory(std::string* error);

/// The list that `cenote-worker --list-devices` prints, as JSON.
std::string describe_json(const Inventory& inventory);

/// Everything that queries about one device can answer, where `share` bytes of its memory are lent.
void describe_device(const Driver& driver, cl_device_id device, uint64_t share, worker::Bytes& out);

/// Everything that platform and device queries can answer, for the devices lent: the body of the reply to Hello.
std::vector<char> describe(const Inventory& inventory);

}  // namespace cenote::opencl
