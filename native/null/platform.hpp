// The one platform and its devices.
#pragma once

#include <string>
#include <vector>

#include "null/objects.hpp"

namespace cenote::null {

cl_platform_id platform();
const std::vector<Ref<_cl_device_id>>& devices();

inline constexpr cl_version kVersion = 3U << 22;  // 3.0.0
inline constexpr cl_version kFirstVersion = 1U << 22;

/// Names with versions, as the API has them.
std::vector<cl_name_version> name_versions(const std::vector<std::string>& names, cl_version version);
std::vector<std::string> split(const std::string& words);

const std::string& extensions();

}  // namespace cenote::null
