#include <chrono>
#include <numeric>

#include "null/answer.hpp"
#include "null/objects.hpp"

namespace cenote::null {

static cl_ulong now() {
  return static_cast<cl_ulong>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
          .count());
}

/// Compute units of each sub-device that the properties ask for.
static cl_int parts_of(cl_device_id device, const cl_device_partition_property* properties,
                       std::vector<cl_uint>& parts) {
  if (properties == nullptr) return CL_INVALID_VALUE;
  if (properties[0] == CL_DEVICE_PARTITION_EQUALLY) {
    auto each = properties[1];
    if (each <= 0 || properties[2] != 0) return CL_INVALID_VALUE;
    if (static_cast<cl_uint>(each) > device->compute_units) return CL_DEVICE_PARTITION_FAILED;
    parts.assign(device->compute_units / static_cast<cl_uint>(each), static_cast<cl_uint>(each));
    return CL_SUCCESS;
  }
  if (properties[0] != CL_DEVICE_PARTITION_BY_COUNTS) return CL_INVALID_VALUE;
  cl_ulong total = 0;
  for (const auto* count = properties + 1; *count != CL_DEVICE_PARTITION_BY_COUNTS_LIST_END; ++count) {
    if (*count < 0 || parts.size() == device->compute_units) return CL_INVALID_DEVICE_PARTITION_COUNT;
    parts.push_back(static_cast<cl_uint>(*count));
    total += static_cast<cl_ulong>(*count);
  }
  if (parts.empty()) return CL_INVALID_VALUE;
  return total > device->compute_units ? CL_INVALID_DEVICE_PARTITION_COUNT : CL_SUCCESS;
}

}  // namespace cenote::null

using namespace cenote::null;  // NOLINT: the rest of the file is the API

cl_int clCreateSubDevices(cl_device_id in_device, const cl_device_partition_property* properties, cl_uint num_devices,
                          cl_device_id* out_devices, cl_uint* num_devices_ret) {
  if (!valid(in_device)) return CL_INVALID_DEVICE;
  std::vector<cl_uint> parts;
  if (cl_int bad = parts_of(in_device, properties, parts); bad != CL_SUCCESS) return bad;
  if (out_devices != nullptr && num_devices < parts.size()) return CL_INVALID_VALUE;
  if (num_devices_ret != nullptr) *num_devices_ret = static_cast<cl_uint>(parts.size());
  if (out_devices == nullptr) return CL_SUCCESS;
  for (size_t i = 0; i < parts.size(); ++i) {
    cl_device_id part = Pool<_cl_device_id>::instance().make();
    if (part == nullptr) {
      while (i > 0) Pool<_cl_device_id>::instance().release(out_devices[--i]);
      return CL_OUT_OF_HOST_MEMORY;
    }
    part->index = in_device->index;
    part->compute_units = parts[i];
    part->parent = Ref(in_device);
    if (properties[0] == CL_DEVICE_PARTITION_EQUALLY) {
      part->partition.assign(properties, properties + 3);
    } else {
      part->partition.assign(properties, properties + 1 + parts.size());
      part->partition.insert(part->partition.end(), {CL_DEVICE_PARTITION_BY_COUNTS_LIST_END, 0});
    }
    out_devices[i] = part;
  }
  return CL_SUCCESS;
}

cl_int clRetainDevice(cl_device_id device) {
  if (!valid(device)) return CL_INVALID_DEVICE;
  if (device->parent) Pool<_cl_device_id>::instance().retain(device);  // root devices are not counted
  return CL_SUCCESS;
}

cl_int clReleaseDevice(cl_device_id device) {
  if (!valid(device)) return CL_INVALID_DEVICE;
  if (device->parent) Pool<_cl_device_id>::instance().release(device);
  return CL_SUCCESS;
}

cl_int clGetDeviceAndHostTimer(cl_device_id device, cl_ulong* device_timestamp, cl_ulong* host_timestamp) {
  if (!valid(device)) return CL_INVALID_DEVICE;
  if (device_timestamp == nullptr || host_timestamp == nullptr) return CL_INVALID_VALUE;
  *device_timestamp = *host_timestamp = now();
  return CL_SUCCESS;
}

cl_int clGetHostTimer(cl_device_id device, cl_ulong* host_timestamp) {
  if (!valid(device)) return CL_INVALID_DEVICE;
  if (host_timestamp == nullptr) return CL_INVALID_VALUE;
  *host_timestamp = now();
  return CL_SUCCESS;
}
