// Trace Event Format (JSON), as Perfetto and chrome://tracing read it.
#include "shim/trace.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>

#include "wire/descriptor.hpp"

namespace cenote::shim {

std::atomic<bool> tracing{false};

namespace {

constexpr size_t kWriteAt = size_t{16} << 10;

struct File {
  std::mutex lock;
  wire::Descriptor descriptor;
  std::string text;  // not yet written
  const char* separator = "[\n";

  void write_out() {
    for (size_t done = 0; done < text.size();) {
      ssize_t n = write(descriptor.get(), text.data() + done, text.size() - done);
      if (n < 0 && errno != EINTR) break;  // a full disk: the trace ends here
      if (n > 0) done += static_cast<size_t>(n);
    }
    text.clear();
  }
};

// Leaked: other threads may still record while the process ends, and a forked child leaves its parent's alone.
File* file = nullptr;
thread_local const char* current = nullptr;

template <class... Values>
std::string formatted(const char* format, Values... values) {
  char text[256];
  std::snprintf(text, sizeof text, format, values...);
  return text;
}

std::string quoted(std::string_view text) {
  std::string safe = "\"";
  for (char c : text) safe += c == '"' || c == '\\' || static_cast<unsigned char>(c) < ' ' ? '_' : c;
  return safe + '"';
}

double microseconds(uint64_t nanoseconds) { return static_cast<double>(nanoseconds) / 1e3; }

/// One event: what all have, then what its kind has besides.
void record(char phase, Track track, std::string_view name, const std::string& more) {
  std::string event = formatted("{\"ph\":\"%c\",\"pid\":%d,\"tid\":%d,\"name\":", phase, track.process, track.thread);
  event += quoted(name) + "," + more + "}";
  File* to = file;
  std::lock_guard guard(to->lock);
  if (to->descriptor.get() < 0) return;
  to->text += to->separator + event;
  to->separator = ",\n";
  if (to->text.size() >= kWriteAt) to->write_out();
}

}  // namespace

uint64_t trace_clock() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000000000ULL + static_cast<uint64_t>(now.tv_nsec);
}

Track Track::here() { return {getpid(), static_cast<int>(syscall(SYS_gettid))}; }

void trace_slice(Track track, const char* category, std::string_view name, uint64_t begin, uint64_t end) {
  record(
      'X', track, name,
      formatted("\"cat\":\"%s\",\"ts\":%.3f,\"dur\":%.3f", category, microseconds(begin), microseconds(end - begin)));
}

void trace_arrow(Track track, bool begins, std::string_view kind, uint64_t id, uint64_t at) {
  record(begins ? 's' : 'f', track, kind,
         formatted("\"cat\":\"arrow\",\"id\":%" PRIu64 ",\"bp\":\"e\",\"ts\":%.3f", id, microseconds(at)));
}

void trace_process_name(int process, std::string_view name) {
  record('M', {process, 0}, "process_name", "\"args\":{\"name\":" + quoted(name) + "}");
}

void trace_thread_name(Track track, std::string_view name) {
  record('M', track, "thread_name", "\"args\":{\"name\":" + quoted(name) + "}");
}

const char* traced_call() { return current; }

void TraceCall::begin(const char* name) {
  name_ = name;
  outer_ = current;
  current = name;
  begin_ = trace_clock();
}

void TraceCall::end() {
  current = outer_;
  trace_slice(Track::here(), "shim", name_, begin_, trace_clock());
}

void start_tracing() {
  const char* path = std::getenv("CENOTE_TRACE");
  if (path == nullptr || *path == '\0') return;
  // One file for each process: children of a traced program would overwrite it.
  std::string own = path;
  if (access(path, F_OK) == 0) own += "." + std::to_string(getpid());
  wire::Descriptor descriptor(open(own.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  tracing.store(descriptor.get() >= 0);
  if (descriptor.get() < 0) return;
  file = new File;
  file->descriptor = std::move(descriptor);
  trace_process_name(getpid(), program_invocation_short_name);
}

void restart_tracing() {
  if (!tracing.load()) return;
  file->descriptor.close();
  start_tracing();
}

void finish_tracing() {
  if (!tracing.exchange(false)) return;
  std::lock_guard guard(file->lock);
  file->text += "\n]\n";
  file->write_out();
  file->descriptor.close();
}

}  // namespace cenote::shim
