// Whether the peer's host is still there. Its kernel answers for it, so that a process which is stopped or busy counts
// as alive, and no thread has to send anything: the age of the last acknowledgement says it all.
#pragma once

#include <cstdint>

namespace cenote::wire {

struct LinkTimes {
  int timeout_ms;  // a host that is silent for so long is given up: CENOTE_LINK_TIMEOUT, in seconds, else a minute
  int probe_ms;    // between two looks, and between two questions to the peer's kernel on an idle connection
};
const LinkTimes& link_times();

/// Makes the kernel ask for signs of life on this connection, and end it somewhat later than the time-out says.
void keep_link(int fd);

/// How long nothing has been heard of the peer's kernel, be it acknowledgement or data; -1 where the descriptor is no
/// TCP connection. Up to twice probe_ms is normal, because only then a sign of life is overdue.
int64_t link_silence_ms(int fd);

/// Whether the peer's kernel has still to acknowledge something. While it has not, our kernel asks no questions.
bool link_owes(int fd);

}  // namespace cenote::wire
