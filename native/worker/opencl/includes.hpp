// The client's files for #include, in a private folder of this process. Builds see these files and no others: options
// and directives that name files are rewritten, and the driver's messages are given the client's names back.
//
// What this cannot hold back is a path that a program's own macros put together: that is a sandbox's work.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/codec.hpp"

namespace cenote::opencl {

/// Names in the private folder, and what the client calls them.
using Names = std::vector<std::pair<std::string, std::string>>;

/// What one build may include: the client's files by their absolute paths there.
struct View {
  std::string name;  // its folder, from the private one; the same for the same files, so that drivers' caches work
  std::string cwd;
  std::map<std::string, std::string> files;  // path to digest
  std::mutex lock;
  bool laid_out = false;
  std::set<std::string> folders;  // search folders that have been made
};

/// A build as the driver is to see it.
struct Prepared {
  std::string options;
  std::vector<std::string> folders;  // where it searches, as the client names them
  Names names;
};

class Includes {
 public:
  /// Takes in a file. False when the client sends more than it may.
  bool store(const wire::Blob& data);
  /// Takes in what a build may include. False where the bytes are no such list.
  bool add_view(uint64_t number, const wire::Blob& manifest);
  /// NULL for a number that has not been given.
  std::shared_ptr<View> view(uint64_t number) const;

  /// The options rewritten, and what goes with them.
  static Prepared prepare(const View* view, const std::string& options);
  /// The text with those operands of #include rewritten that would lead out of the private folder.
  static std::string contain(std::string_view text, const View* view, std::string_view folder,
                             const std::vector<std::string>& folders);

  // Without the executor's lock:

  /// Makes the private folder the working folder, where there is nothing of this host's, and puts the view's files
  /// there.
  void lay_out(View* view, const std::vector<std::string>& folders);
  /// The driver's message with the client's names in it.
  std::string client_names(std::string text, const Names& names) const;

 private:
  void enter();

  std::map<std::string, size_t> stored_;  // digests and sizes
  size_t bytes_ = 0;
  std::map<uint64_t, std::shared_ptr<View>> views_;
  size_t view_bytes_ = 0;
  std::mutex folder_lock_;
  std::string folder_;  // empty until it is needed
};

}  // namespace cenote::opencl
