#include "wire/transport.hpp"

#include <poll.h>

namespace cenote::wire {

IoResult Transport::receive_waiting(void* data, size_t size) {
  for (;;) {
    IoResult r = receive(data, size);
    if (r.status != Io::kAgain) return r;
    pollfd fd{descriptor(), POLLIN, 0};
    poll(&fd, 1, -1);
  }
}

}  // namespace cenote::wire
