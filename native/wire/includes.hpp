// Build options that name files, and #include directives: how both ends read them. The shim finds the program's files
// by them, the worker sees to it that they lead to these files and to no others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cenote::wire {

/// Where the program's files lie in a private folder, below a search folder of the build: their absolute paths follow.
inline constexpr std::string_view kFilesFolder = "cenote_files";

inline constexpr size_t kMaxIncludeBytes = size_t{64} << 20;  // of one session
inline constexpr size_t kMaxIncludeFiles = 10000;

/// A build option that names a folder, a file, or defines a macro.
struct PathOption {
  enum Kind { kFolder, kFile, kMacro } kind;
  size_t begin;  // of the whole option in the text, its value included
  size_t end;
  std::string flag;
  std::string name;  // of a macro
  std::string value;
};

std::vector<PathOption> find_path_options(std::string_view options);

/// The operand of an #include, or of what works like one.
struct Include {
  size_t begin;  // in the text, without delimiters
  size_t end;
  char form;  // '"', '<', or 0 where macros make it
};

std::vector<Include> find_includes(std::string_view text);

/// An absolute path without `.`, `..` and doubled slashes; `path` is taken from `folder` where it is relative.
std::string absolute_path(std::string_view folder, std::string_view path);

/// Whether a path leads, or may lead, out of the folder that it is taken from.
bool leaves_folder(std::string_view path);

std::string_view folder_of(std::string_view path);

std::string to_hex(const unsigned char* bytes, size_t size);

}  // namespace cenote::wire
