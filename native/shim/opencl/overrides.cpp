#include "shim/opencl/overrides.hpp"

#include <algorithm>
#include <cstring>

#include "api/opencl_info.hpp"

namespace cenote::opencl {

namespace {

bool carried(std::string_view extension) {
  return std::binary_search(std::begin(kCarriedExtensions), std::end(kCarriedExtensions), extension);
}

/// "OpenCL 3.1 Vendor" becomes "OpenCL 3.0 Vendor".
void cap_version(Properties& properties, cl_uint text, cl_uint number) {
  std::string version(properties.text(text));
  if (version.size() > 10 && version.compare(0, 7, "OpenCL ") == 0 && version.compare(7, 3, kHighestVersionText) > 0) {
    properties.set_text(text, version.replace(7, 3, kHighestVersionText));
  }
  if (properties.number<cl_version>(number) > kHighestVersion) properties.set_number(number, kHighestVersion);
}

/// Before 0.9.5 the functions of command buffers had other parameters than those that are carried.
bool outdated(const Properties& properties, cl_uint versions, std::string_view name) {
  constexpr cl_uint kFirst = 9U << 12 | 5;
  if (name != "cl_khr_command_buffer") return false;
  const std::string* list = properties.get(versions);
  for (size_t at = 0; list != nullptr && at + sizeof(cl_name_version) <= list->size(); at += sizeof(cl_name_version)) {
    cl_name_version entry;
    std::memcpy(&entry, list->data() + at, sizeof entry);
    if (name == entry.name) return entry.version < kFirst;
  }
  return true;
}

void keep_carried(Properties& properties, cl_uint text, cl_uint versions, std::string_view always) {
  std::string kept;
  std::string_view all = properties.text(text);
  auto keep = [&](std::string_view name) {
    if (!kept.empty()) kept += ' ';
    kept += name;
  };
  for (size_t at = 0; at < all.size();) {
    size_t end = std::min(all.find(' ', at), all.size());
    std::string_view name = all.substr(at, end - at);
    if (!name.empty() && name != always && carried(name) && !outdated(properties, versions, name)) keep(name);
    at = end + 1;
  }
  if (!always.empty()) keep(always);
  properties.set_text(text, kept);
  const std::string* list = properties.get(versions);
  if (list == nullptr) return;
  std::string left;
  for (size_t at = 0; at + sizeof(cl_name_version) <= list->size(); at += sizeof(cl_name_version)) {
    std::string_view name(list->data() + at + offsetof(cl_name_version, name));
    if (name != always && carried(name) && !outdated(properties, versions, name))
      left.append(*list, at, sizeof(cl_name_version));
  }
  if (!always.empty()) {
    cl_name_version own{1U << 22, {}};
    std::memcpy(own.name, always.data(), always.size());
    left.append(reinterpret_cast<const char*>(&own), sizeof own);
  }
  properties.set(versions, left.data(), left.size());
}

}  // namespace

void override_platform(Properties& properties) {
  cap_version(properties, CL_PLATFORM_VERSION, CL_PLATFORM_NUMERIC_VERSION);
  keep_carried(properties, CL_PLATFORM_EXTENSIONS, CL_PLATFORM_EXTENSIONS_WITH_VERSION, "cl_khr_icd");
  properties.set_text(CL_PLATFORM_ICD_SUFFIX_KHR, kIcdSuffix);
}

void override_device(Properties& properties) {
  cap_version(properties, CL_DEVICE_VERSION, CL_DEVICE_NUMERIC_VERSION);
  keep_carried(properties, CL_DEVICE_EXTENSIONS, CL_DEVICE_EXTENSIONS_WITH_VERSION, {});
  for (const NumberOverride& change : kNumberOverrides) {
    const std::string* old = properties.get(change.param);
    if (old == nullptr || old->size() > sizeof(uint64_t)) continue;
    size_t size = old->size();
    uint64_t value = 0;
    std::memcpy(&value, old->data(), size);
    value = change.replaced ? change.value : value & ~change.clear;
    properties.set(change.param, &value, size);
  }
}

}  // namespace cenote::opencl
