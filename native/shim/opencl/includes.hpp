// The program's own files that a build reads by #include: found, and sent to the server once a session.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "shim/session.hpp"

namespace cenote::opencl {

struct ShippedIncludes {
  uint64_t view = 0;    // by which the build names its files; 0 where it needs none
  std::string problem;  // why they cannot be sent; empty where they were
};

/// Sends what the sources may include under these build options and what is not on the server yet. Names that macros
/// make are guessed from the options; where that fails, all sources below the folders of the options go.
ShippedIncludes ship_includes(shim::Session* session, const std::vector<std::string_view>& sources,
                              const std::string& options);

}  // namespace cenote::opencl
