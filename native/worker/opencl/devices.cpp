#include "worker/opencl/devices.hpp"

#include <dlfcn.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "api/opencl_info.hpp"
#include "worker/bytes.hpp"
#include "worker/opencl/overhead.hpp"
#include "worker/opencl/share.hpp"

namespace cenote::opencl {

namespace {

using GetInfo = cl_int (*)(void*, cl_uint, size_t, void*, size_t*);

/// An info query of any kind of object, as bytes; empty where the driver does not know the parameter.
template <class Object, class Function>
std::vector<char> ask(Function function, Object object, cl_uint param) {
  size_t size = 0;
  if (function(object, param, 0, nullptr, &size) != CL_SUCCESS || size == 0) return {};
  std::vector<char> value(size);
  if (function(object, param, size, value.data(), nullptr) != CL_SUCCESS) return {};
  return value;
}

template <class Object, class Function>
std::string ask_text(Function function, Object object, cl_uint param) {
  std::vector<char> value = ask(function, object, param);
  std::string text(value.begin(), value.end());
  return text.substr(0, text.find('\0'));
}

template <class T, class Object, class Function>
T ask_number(Function function, Object object, cl_uint param) {
  T value{};
  function(object, param, sizeof value, &value, nullptr);
  return value;
}

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned>(c));
      out += escaped;
    } else {
      out += c;
    }
  }
  return out + '"';
}

void find_devices(Inventory& inventory, Platform* platform) {
  cl_uint count = 0;
  const Driver& driver = platform->driver;
  if (driver.clGetDeviceIDs(platform->native, CL_DEVICE_TYPE_ALL, 0, nullptr, &count) != CL_SUCCESS) return;
  std::vector<cl_device_id> ids(count);
  driver.clGetDeviceIDs(platform->native, CL_DEVICE_TYPE_ALL, count, ids.data(), nullptr);
  for (cl_device_id id : ids) {
    auto* device = new Device;
    device->native = id;
    device->platform = platform;
    inventory.devices.emplace_back(device);
  }
}

template <class Object, class Function, size_t N, class Change>
void append_properties(worker::Bytes& out, Function function, Object object, const cl_uint (&params)[N],
                       const Change& change) {
  worker::Bytes found;
  uint64_t count = 0;
  for (cl_uint param : params) {
    std::vector<char> value = ask(function, object, param);
    if (value.empty()) continue;
    change(param, value);
    found.word(param);
    found.bytes(value.data(), value.size());
    ++count;
  }
  out.word(count);
  out.bytes(found.data().data(), found.data().size());
}

}  // namespace

std::unique_ptr<Inventory> load_inventory(std::string* error) {
  const char* named = std::getenv("CENOTE_OPENCL_LOADER");
  const char* path = named != nullptr && *named != '\0' ? named : "libOpenCL.so.1";
  void* library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    *error = std::string("no OpenCL loader: ") + dlerror();
    return nullptr;
  }
  if (dlsym(library, "cenote_shim_version") != nullptr) {
    *error = std::string(path) + " is Cenote's own shim, not a driver";
    return nullptr;
  }
  Driver core;
  core.load([&](const char* name, bool) { return dlsym(library, name); });
  auto inventory = std::make_unique<Inventory>();
  cl_uint count = 0;
  if (core.clGetPlatformIDs == nullptr || core.clGetPlatformIDs(0, nullptr, &count) != CL_SUCCESS) count = 0;
  std::vector<cl_platform_id> ids(count);
  if (count != 0) core.clGetPlatformIDs(count, ids.data(), nullptr);
  for (cl_platform_id id : ids) {
    if (ask_text(core.clGetPlatformInfo, id, CL_PLATFORM_ICD_SUFFIX_KHR) == "CENOTE") continue;
    auto* platform = new Platform;
    platform->native = id;
    platform->driver.load([&](const char* name, bool extension) -> void* {
      if (extension && core.clGetExtensionFunctionAddressForPlatform != nullptr) {
        void* at = core.clGetExtensionFunctionAddressForPlatform(id, name);
        if (at != nullptr) return at;
      }
      return dlsym(library, name);
    });
    inventory->platforms.emplace_back(platform);
    find_devices(*inventory, platform);
  }
  for (uint32_t i = 0; i < inventory->devices.size(); ++i) inventory->lent.push_back(i);
  return inventory;
}

std::string describe_json(const Inventory& inventory) {
  std::string out = "{\"platforms\":[";
  for (const auto& platform : inventory.platforms) {
    const auto& d = platform->driver;
    auto text = [&](cl_uint param) { return quoted(ask_text(d.clGetPlatformInfo, platform->native, param)); };
    if (out.back() == '}') out += ',';
    out += "{\"name\":" + text(CL_PLATFORM_NAME) + ",\"version\":" + text(CL_PLATFORM_VERSION) +
           ",\"vendor\":" + text(CL_PLATFORM_VENDOR) + ",\"profile\":" + text(CL_PLATFORM_PROFILE) +
           ",\"extensions\":" + text(CL_PLATFORM_EXTENSIONS) + ",\"devices\":[";
    for (size_t i = 0; i < inventory.devices.size(); ++i) {
      const auto& device = inventory.devices[i];
      if (device->platform != platform.get()) continue;
      auto id = device->native;
      auto line = [&](cl_uint param) { return quoted(ask_text(d.clGetDeviceInfo, id, param)); };
      auto type = ask_number<cl_device_type>(d.clGetDeviceInfo, id, CL_DEVICE_TYPE);
      const char* kind = (type & CL_DEVICE_TYPE_GPU) != 0           ? "gpu"
                         : (type & CL_DEVICE_TYPE_ACCELERATOR) != 0 ? "accelerator"
                                                                    : "cpu";
      if (out.back() == '}') out += ',';
      out += "{\"index\":" + std::to_string(i) + ",\"name\":" + line(CL_DEVICE_NAME) +
             ",\"vendor\":" + line(CL_DEVICE_VENDOR) + ",\"version\":" + line(CL_DEVICE_VERSION) +
             ",\"driver_version\":" + line(CL_DRIVER_VERSION) + ",\"type\":\"" + kind + "\",\"global_mem_size\":" +
             std::to_string(ask_number<cl_ulong>(d.clGetDeviceInfo, id, CL_DEVICE_GLOBAL_MEM_SIZE)) +
             ",\"max_alloc\":" +
             std::to_string(ask_number<cl_ulong>(d.clGetDeviceInfo, id, CL_DEVICE_MAX_MEM_ALLOC_SIZE)) +
             ",\"overhead\":" + std::to_string(context_memory(d, platform->native, id)) + ",\"compute_units\":" +
             std::to_string(ask_number<cl_uint>(d.clGetDeviceInfo, id, CL_DEVICE_MAX_COMPUTE_UNITS)) + "}";
    }
    out += "]}";
  }
  return out + "]}";
}

void describe_device(const Driver& driver, cl_device_id device, uint64_t share, worker::Bytes& out) {
  append_properties(
      out, driver.clGetDeviceInfo, device, kDeviceParams,
      [seen = Share(driver, device, share)](cl_uint param, std::vector<char>& value) { seen.scale(param, value); });
}

std::vector<char> describe(const Inventory& inventory) {
  worker::Bytes out;
  auto lends = [&](const Platform* platform) {
    return std::any_of(inventory.lent.begin(), inventory.lent.end(),
                       [&](uint32_t i) { return inventory.devices[i]->platform == platform; });
  };
  out.word(static_cast<uint64_t>(std::count_if(inventory.platforms.begin(), inventory.platforms.end(),
                                               [&](const auto& p) { return lends(p.get()); })));
  for (const auto& platform : inventory.platforms) {
    if (!lends(platform.get())) continue;
    const auto& d = platform->driver;
    append_properties(out, d.clGetPlatformInfo, platform->native, kPlatformParams, [](cl_uint, const auto&) {});
    worker::Bytes devices;
    uint64_t count = 0;
    for (uint32_t i : inventory.lent) {
      if (inventory.devices[i]->platform != platform.get()) continue;
      devices.word(i);
      describe_device(d, inventory.devices[i]->native, inventory.devices[i]->share, devices);
      ++count;
    }
    out.word(count);
    out.bytes(devices.data().data(), devices.data().size());
  }
  return out.take();
}

}  // namespace cenote::opencl
