// Which servers this process may use: the allocation file that `cenote run` names in the environment.
#pragma once

#include <string>
#include <vector>

#include "wire/handshake.hpp"

namespace cenote::shim {

/// Endpoints in the order of their platforms; empty with a sentence in `error` where there is no readable file.
std::vector<wire::Endpoint> read_allocation(std::string* error);

}  // namespace cenote::shim
