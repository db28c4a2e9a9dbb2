#include "worker/output.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <vector>

namespace cenote::worker {

namespace {
constexpr size_t kPiece = size_t{64} << 10;
constexpr size_t kCap = size_t{256} << 20;  // an endless printer fills this and no more
}  // namespace

void Output::capture() {
  file_ = memfd_create("kernel-output", MFD_CLOEXEC);
  if (file_ < 0) return;
  fcntl(file_, F_SETFL, O_APPEND);
  dup2(file_, STDOUT_FILENO);
  std::setvbuf(stdout, nullptr, _IOFBF, BUFSIZ);
}

void Output::forward(Outbox& outbox) {
  if (file_ < 0) return;
  std::fflush(stdout);
  struct stat now{};
  if (fstat(file_, &now) != 0 || static_cast<size_t>(now.st_size) <= sent_) return;
  std::vector<char> bytes;
  while (sent_ < static_cast<size_t>(now.st_size)) {
    bytes.resize(std::min(kPiece, static_cast<size_t>(now.st_size) - sent_));
    ssize_t n = pread(file_, bytes.data(), bytes.size(), static_cast<off_t>(sent_));
    if (n <= 0) return;
    wire::Blob blob{bytes.data(), static_cast<uint64_t>(n)};
    outbox.add(wire::Notice::kOutput, 0, wire::wire_size(blob), [&](wire::Writer& w) { w.bytes(blob); });
    sent_ += static_cast<size_t>(n);
  }
  if (sent_ >= kCap && ftruncate(file_, 0) == 0) sent_ = 0;
}

}  // namespace cenote::worker
