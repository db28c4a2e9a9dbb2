// Parts of devices.
#include "worker/opencl/plain.hpp"
#include "worker/opencl_handlers.hpp"

namespace cenote::opencl {

namespace {

constexpr size_t kMaxUnnamed = 1 << 16;

}  // namespace

void handle(Worker& w, Call& call, const msg::PartitionDevice& m) {
  auto* device = w.get<Device>(m.device);
  const Driver& driver = device->platform->driver;
  std::vector<cl_device_partition_property> properties(m.properties.begin(), m.properties.end());
  properties.insert(properties.end(), 3, 0);  // ends whatever list the last words begin
  cl_uint count = 0;
  int32_t status = device->native == nullptr              ? device->error
                   : driver.clCreateSubDevices == nullptr ? static_cast<int32_t>(CL_INVALID_VALUE)
                                                          : CL_SUCCESS;
  if (status == CL_SUCCESS) status = driver.clCreateSubDevices(device->native, properties.data(), 0, nullptr, &count);
  std::vector<cl_device_id> parts;
  if (m.make != 0 && status == CL_SUCCESS && count != 0) {
    parts.resize(count);
    status = driver.clCreateSubDevices(device->native, properties.data(), count, parts.data(), nullptr);
    if (status != CL_SUCCESS) parts.clear();
    if (device->parts.size() + parts.size() > kMaxUnnamed) w.broken("parts of devices that get no ids", call);
  }
  worker::Bytes body;
  body.word(count);
  for (uint32_t i = 0; i < parts.size(); ++i) {
    device->parts[{call.sequence, i}] = parts[i];
    describe_device(driver, parts[i], device->share, body);
  }
  body.word(call.sequence);
  w.outbox.reply(call.sequence, status, body.data());
}

void handle(Worker& w, Call& call, const msg::BindPart& m) {
  auto* whole = w.get<Device>(m.device);
  auto part = whole->parts.extract({m.partition, static_cast<uint32_t>(m.part)});
  if (part.empty()) w.broken("a part of a device that was not made", call);
  auto* device = w.made<Device>(m.result);
  device->native = part.mapped();
  device->platform = whole->platform;
  device->index = whole->index;
  device->share = whole->share;
  device->sub_device = true;
}

}  // namespace cenote::opencl
