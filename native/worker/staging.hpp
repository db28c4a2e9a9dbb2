// Chunks of host memory that bulk data passes through, a fixed number for each session.
#pragma once

#include <sys/mman.h>

#include <deque>
#include <functional>
#include <vector>

#include "wire/frames.hpp"

namespace cenote::worker {

/// Under the executor's lock.
class Staging {
 public:
  static constexpr size_t kChunks = 128;

  /// Calls `then(chunk)` at once or when a chunk is given back, first come first served.
  void take(std::function<void(char*)> then) {
    if (free_.empty() && made_ < kChunks) {
      void* at = mmap(nullptr, wire::kChunk, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      if (at != MAP_FAILED) {
        ++made_;
        free_.push_back(static_cast<char*>(at));
      }
    }
    if (free_.empty()) {
      waiting_.push_back(std::move(then));
      return;
    }
    char* chunk = free_.back();
    free_.pop_back();
    then(chunk);
  }
  void give_back(char* chunk) {
    if (waiting_.empty()) {
      free_.push_back(chunk);
      return;
    }
    auto then = std::move(waiting_.front());
    waiting_.pop_front();
    then(chunk);
  }

 private:
  size_t made_ = 0;
  std::vector<char*> free_;
  std::deque<std::function<void(char*)>> waiting_;
};

}  // namespace cenote::worker
