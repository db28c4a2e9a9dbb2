// The state of OpenCL in this process: its servers, opened at first use, and their platforms.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "shim/opencl/objects.hpp"
#include "shim/session.hpp"

namespace cenote::opencl {

/// Platforms in the order of their servers. Opens the sessions at the first call; empty when there is no server, and
/// then the reason has been said once on stderr.
const std::vector<Platform*>& platforms();

/// Whether there are platforms. In a forked child, where devices are valid before anything was called, this connects.
bool opened();

/// Whether the handle is a platform or, as many programs pass NULL, the first platform.
Platform* platform_or_first(cl_platform_id platform);

}  // namespace cenote::opencl
