// Trace Event Format (JSON), as Perfetto and chrome://tracing read it.
#include "shim/trace.hpp"

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <mutex>

namespace cenote::shim {

std::atomic<bool> tracing{false};

namespace {

constinit std::mutex lock;
FILE* file = nullptr;
bool first = true;

void record(const char* name, const char* track, long thread, uint64_t begin, uint64_t end) {
  std::lock_guard guard(lock);
  if (file == nullptr) return;
  std::fprintf(file,
               "%s\n{\"name\":\"%s\",\"cat\":\"%s\",\"ph\":\"X\",\"pid\":%d,\"tid\":%ld,\"ts\":%.3f,\"dur\":%.3f}",
               first ? "" : ",", name, track, static_cast<int>(getpid()), thread, static_cast<double>(begin) / 1e3,
               static_cast<double>(end - begin) / 1e3);
  first = false;
}

long this_thread() {
  thread_local const long id = syscall(SYS_gettid);
  return id;
}

}  // namespace

uint64_t trace_clock() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000000000ULL + static_cast<uint64_t>(now.tv_nsec);
}

void trace_call(const char* name, uint64_t begin) { record(name, "shim", this_thread(), begin, trace_clock()); }
void trace_wait(const char* name, uint64_t begin, uint64_t end) { record(name, "wire", this_thread(), begin, end); }
void trace_device(const char* name, uint64_t begin, uint64_t end) { record(name, "device", 0, begin, end); }

void start_tracing() {
  const char* path = std::getenv("CENOTE_TRACE");
  if (path == nullptr || *path == '\0') return;
  // One file for each process: children of a traced program would overwrite it.
  char own[4096];
  std::snprintf(own, sizeof own, "%s", path);
  if (access(path, F_OK) == 0) std::snprintf(own, sizeof own, "%s.%d", path, static_cast<int>(getpid()));
  file = std::fopen(own, "we");
  if (file == nullptr) return;
  std::fputs("[", file);
  tracing.store(true);
}

void finish_tracing() {
  if (!tracing.exchange(false)) return;
  std::lock_guard guard(lock);
  std::fputs("\n]\n", file);
  std::fclose(file);
  file = nullptr;
}

}  // namespace cenote::shim
