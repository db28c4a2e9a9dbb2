// Ends the worker when the client's host has gone silent. While nothing is on its way to the client our kernel asks for
// signs of life by itself and ends the connection; while something is, this looks.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <vector>

namespace cenote::worker {

class Watch {
 public:
  /// Also looks at this connection.
  void add(int descriptor);
  /// Something has been sent.
  void sent() {
    sent_.store(true);
    if (!awake_.load()) wake();
  }

 private:
  void wake();
  void run();
  bool is_silent();
  bool owed();

  std::atomic<bool> sent_{false};
  std::atomic<bool> awake_{false};
  std::mutex mutex_;
  std::condition_variable woken_;
  std::vector<int> descriptors_;
};

}  // namespace cenote::worker
