// Sub-devices. The server divides the device and tells what the parts are like; ids are given to them afterwards,
// because nobody knows beforehand how many there will be.
#include "shim/opencl/overrides.hpp"
#include "shim/opencl/stub.hpp"
#include "shim/opencl_hand.hpp"

namespace cenote::opencl {

namespace {

using Property = cl_device_partition_property;

/// The list without its closing zero; empty where it is none that the device supports.
std::vector<Property> parse(const Device* device, const Property* properties) {
  if (properties == nullptr || properties[0] == 0) return {};
  const std::string* supported = device->properties.get(CL_DEVICE_PARTITION_PROPERTIES);
  bool able = false;
  for (size_t at = 0; supported != nullptr && at + sizeof(Property) <= supported->size(); at += sizeof(Property)) {
    Property each = 0;
    std::memcpy(&each, supported->data() + at, sizeof each);
    able = able || each == properties[0];
  }
  if (!able) return {};
  std::vector<Property> list{properties[0]};
  const Property* next = properties + 1;
  if (properties[0] == CL_DEVICE_PARTITION_BY_COUNTS) {
    while (*next != CL_DEVICE_PARTITION_BY_COUNTS_LIST_END) list.push_back(*next++);
  }
  list.push_back(*next++);
  if (*next != 0) return {};
  return list;
}

/// The parts that the server has made, with ids; what has no room here is given up at once.
std::vector<Device*> take_parts(Device* whole, const std::vector<Property>& list, size_t count, wire::Reader& body) {
  std::vector<Device*> parts;
  for (size_t i = 0; i < count && body.ok(); ++i) {
    auto* part = make_object<Device>(whole);
    if (part == nullptr) break;
    part->platform = whole->platform;
    part->parent = whole;
    part->index = whole->index;
    part->properties.read(body);
    override_device(part->properties);
    part->partition = list;
    part->partition.push_back(0);
    if (whole->parent != nullptr) add_reference(whole);
    parts.push_back(part);
  }
  uint64_t partition = body.word();
  for (uint32_t i = 0; i < parts.size(); ++i) {
    msg::BindPart m;
    m.device = whole->id;
    m.partition = partition;
    m.part = i;
    m.result = parts[i]->id;
    whole->session->post(m);
  }
  if (parts.size() == count && body.ok()) return parts;
  for (Device* part : parts) drop_reference(part);
  return {};
}

}  // namespace

namespace hand {

cl_int clCreateSubDevices(cl_device_id in_device, const cl_device_partition_property* properties, cl_uint room,
                          cl_device_id* out, cl_uint* count_ret) {
  auto* device = as<Device>(in_device);
  if (device == nullptr) return CL_INVALID_DEVICE;
  if (properties == nullptr || (out == nullptr && count_ret == nullptr) || (out != nullptr && room == 0)) {
    return CL_INVALID_VALUE;
  }
  std::vector<Property> list = parse(device, properties);
  if (list.empty()) return CL_INVALID_VALUE;
  msg::PartitionDevice m;
  m.device = device->id;
  m.properties = {reinterpret_cast<const uint64_t*>(list.data()), list.size()};
  shim::Reply reply = device->session->call(m);
  if (reply.status != CL_SUCCESS) return reply.status;
  cl_uint count = static_cast<cl_uint>(reply.reader().word());
  if (out != nullptr) {
    if (room < count) return CL_INVALID_VALUE;
    m.make = 1;
    reply = device->session->call(m);
    if (reply.status != CL_SUCCESS) return reply.status;
    wire::Reader body = reply.reader();
    count = static_cast<cl_uint>(body.word());
    std::vector<Device*> parts = take_parts(device, list, count, body);
    if (parts.empty() || count > room) return CL_OUT_OF_HOST_MEMORY;
    for (size_t i = 0; i < parts.size(); ++i) out[i] = reinterpret_cast<cl_device_id>(parts[i]);
  }
  if (count_ret != nullptr) *count_ret = count;
  return CL_SUCCESS;
}

cl_int clCreateSubDevicesEXT(cl_device_id in_device, const cl_device_partition_property_ext* properties, cl_uint room,
                             cl_device_id* out, cl_uint* count_ret) {
  if (properties == nullptr) return CL_INVALID_VALUE;
  std::vector<Property> list;
  if (properties[0] == CL_DEVICE_PARTITION_EQUALLY_EXT) {
    list = {CL_DEVICE_PARTITION_EQUALLY, static_cast<Property>(properties[1]), 0};
  } else if (properties[0] == CL_DEVICE_PARTITION_BY_COUNTS_EXT) {
    list.push_back(CL_DEVICE_PARTITION_BY_COUNTS);
    for (const auto* p = properties + 1; *p != CL_PARTITION_BY_COUNTS_LIST_END_EXT; ++p) {
      list.push_back(static_cast<Property>(*p));
    }
    list.insert(list.end(), {CL_DEVICE_PARTITION_BY_COUNTS_LIST_END, 0});
  } else if (properties[0] == CL_DEVICE_PARTITION_BY_AFFINITY_DOMAIN_EXT) {
    constexpr std::pair<uint64_t, uint64_t> kDomains[] = {
        {CL_AFFINITY_DOMAIN_L1_CACHE_EXT, CL_DEVICE_AFFINITY_DOMAIN_L1_CACHE},
        {CL_AFFINITY_DOMAIN_L2_CACHE_EXT, CL_DEVICE_AFFINITY_DOMAIN_L2_CACHE},
        {CL_AFFINITY_DOMAIN_L3_CACHE_EXT, CL_DEVICE_AFFINITY_DOMAIN_L3_CACHE},
        {CL_AFFINITY_DOMAIN_L4_CACHE_EXT, CL_DEVICE_AFFINITY_DOMAIN_L4_CACHE},
        {CL_AFFINITY_DOMAIN_NUMA_EXT, CL_DEVICE_AFFINITY_DOMAIN_NUMA},
        {CL_AFFINITY_DOMAIN_NEXT_FISSIONABLE_EXT, CL_DEVICE_AFFINITY_DOMAIN_NEXT_PARTITIONABLE}};
    for (const auto& [extension, core] : kDomains) {
      if (extension == properties[1]) list = {CL_DEVICE_PARTITION_BY_AFFINITY_DOMAIN, static_cast<Property>(core), 0};
    }
  }
  return list.empty() ? CL_INVALID_VALUE : hand::clCreateSubDevices(in_device, list.data(), room, out, count_ret);
}

}  // namespace hand
}  // namespace cenote::opencl
