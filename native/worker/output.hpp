// What kernels print. The worker's standard output is an anonymous file, so that no driver ever blocks on it; new bytes
// go to the client ahead of the notice that ends the command which printed them.
#pragma once

#include <cstddef>

#include "worker/outbox.hpp"

namespace cenote::worker {

class Output {
 public:
  /// Puts the anonymous file in the place of standard output.
  void capture();
  void forward(Outbox& outbox);

 private:
  int file_ = -1;
  size_t sent_ = 0;
};

}  // namespace cenote::worker
