// What kernels printed, on the program's own standard output.
#pragma once

#include <cstdio>
#include <string_view>

namespace cenote::shim {

inline void print_output(std::string_view text) { fwrite(text.data(), 1, text.size(), stdout); }

}  // namespace cenote::shim
