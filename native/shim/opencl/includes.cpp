#include "shim/opencl/includes.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <mutex>
#include <set>

#include "api/opencl_messages.hpp"
#include "wire/includes.hpp"
#include "wire/log.hpp"
#include "wire/sha256.hpp"

namespace cenote::opencl {

namespace {

using wire::Digest;

constexpr size_t kMaxEntries = 200000;  // looked at below the folders of one build
constexpr size_t kMaxFile = size_t{16} << 20;
constexpr int kMaxDepth = 40;

struct Operand {
  char form;
  std::string text;
};

/// A file as it was when it was last read.
struct Known {
  timespec modified{};
  off_t size = 0;
  ino_t inode = 0;
  time_t read_at = 0;
  Digest digest{};
  bool text = false;
  std::vector<Operand> includes;
};

struct Sent {
  std::set<Digest> files;
  std::map<Digest, uint64_t> views;  // by the digest of what they list
  size_t bytes = 0;
};

/// All that is remembered between builds; lives as long as the process.
struct Memory {
  std::mutex lock;
  std::map<std::string, Known> files;
  std::map<shim::Session*, Sent> sent;
};

Memory& memory() {
  static auto* all = new Memory;
  return *all;
}

Digest digest_of(std::string_view bytes) {
  wire::Sha256 hash;
  hash.update(bytes.data(), bytes.size());
  return hash.finish();
}

bool read_file(const std::string& path, std::string* bytes) {
  int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return false;
  struct stat info;
  bool good = fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && static_cast<size_t>(info.st_size) <= kMaxFile;
  if (good) {
    bytes->resize(static_cast<size_t>(info.st_size));
    size_t have = 0;
    ssize_t n = 1;
    while (have < bytes->size() && (n = read(fd, bytes->data() + have, bytes->size() - have)) > 0) {
      have += static_cast<size_t>(n);
    }
    bytes->resize(have);
    good = n >= 0;
  }
  close(fd);
  return good;
}

std::vector<Operand> operands_of(std::string_view text) {
  std::vector<Operand> list;
  for (const wire::Include& i : wire::find_includes(text)) {
    list.push_back({i.form, std::string(text.substr(i.begin, i.end - i.begin))});
  }
  return list;
}

/// What is in the file, from memory where it has not changed since. NULL where it is no file to be sent.
const Known* look_at(const std::string& path) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return nullptr;
  Known& known = memory().files[path];
  bool same = known.size == info.st_size && known.inode == info.st_ino &&
              known.modified.tv_sec == info.st_mtim.tv_sec && known.modified.tv_nsec == info.st_mtim.tv_nsec;
  // A file that was changed just before it was read may have been changed again within one tick of its clock.
  if (same && known.read_at > known.modified.tv_sec + 1) return &known;
  std::string bytes;
  known.read_at = time(nullptr);
  if (!read_file(path, &bytes)) {
    known = {};
    return nullptr;
  }
  known.modified = info.st_mtim;
  known.size = info.st_size;
  known.inode = info.st_ino;
  known.digest = digest_of(bytes);
  known.text = bytes.find('\0') == std::string::npos;
  known.includes = operands_of(bytes);
  return &known;
}

bool is_source_like(std::string_view name) {
  size_t dot = name.rfind('.');
  if (dot == 0) return false;
  if (dot == std::string_view::npos) return true;
  constexpr std::string_view kEndings[] = {"h",   "hh",  "hpp", "hxx", "cl",  "clh", "clc", "clcpp", "inc", "inl",
                                           "ipp", "tcc", "tpp", "def", "c",   "cc",  "cpp", "cxx",   "cu",  "cuh",
                                           "txt", "in",  "tab", "dat", "xcl", "ocl", "hcl", "macro"};
  return std::find(std::begin(kEndings), std::end(kEndings), name.substr(dot + 1)) != std::end(kEndings);
}

/// Finds the files of one build.
class Collector {
 public:
  Collector(const std::string& options, std::string cwd) : cwd_(std::move(cwd)) {
    for (const wire::PathOption& option : wire::find_path_options(options)) {
      if (option.kind == wire::PathOption::kFolder) folders_.push_back(wire::absolute_path(cwd_, option.value));
      if (option.kind == wire::PathOption::kFile) forced_.push_back(option.value);
      if (option.kind == wire::PathOption::kMacro) macros_[option.name] = option.value;
    }
  }

  void collect(const std::vector<std::string_view>& sources) {
    for (const std::string& file : forced_) find('"', file, cwd_);
    for (std::string_view source : sources) follow(operands_of(source), {});
    if (!everything_) return;
    for (const std::string& folder : folders_) walk(folder, 0);
    for (const auto& [name, value] : macros_) {
      std::string path = unquoted(value);
      if (path.find('/') == std::string::npos) continue;
      path = wire::absolute_path(cwd_, path);
      struct stat info;
      if (stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) walk(path, 0);
    }
  }

  const std::map<std::string, Digest>& files() const { return files_; }
  const std::string& problem() const { return problem_; }
  const std::string& cwd() const { return cwd_; }

 private:
  static std::string unquoted(const std::string& text) {
    size_t begin = text.find_first_not_of(" \t\"<");
    size_t end = text.find_last_not_of(" \t\r\">");
    return begin == std::string::npos || end < begin ? std::string() : text.substr(begin, end - begin + 1);
  }

  void follow(const std::vector<Operand>& includes, const std::string& folder) {
    for (const Operand& include : includes) {
      if (include.form != 0) {
        find(include.form, include.text, folder);
      } else if (!find('"', guess(include.text), folder)) {
        everything_ = true;
      }
    }
  }

  bool find(char form, const std::string& name, const std::string& folder) {
    if (name.empty()) return false;
    if (name[0] == '/') return take(wire::absolute_path("/", name));
    if (form == '"' && !folder.empty() && take(wire::absolute_path(folder, name))) return true;
    for (const std::string& from : folders_) {
      if (take(wire::absolute_path(from, name))) return true;
    }
    return take(wire::absolute_path(cwd_, name));
  }

  /// `M2S(FOLDER/name.h)` with FOLDER defined by the options becomes what it probably stands for.
  std::string guess(const std::string& operand) {
    std::string text;
    for (size_t at = 0; at < operand.size();) {
      auto in_name = [&](size_t i) {
        return i < operand.size() && (std::isalnum(static_cast<unsigned char>(operand[i])) != 0 || operand[i] == '_');
      };
      size_t end = at;
      while (in_name(end)) ++end;
      auto macro = macros_.find(operand.substr(at, end - at));
      if (end == at) {
        text += operand[at++];
        continue;
      }
      text += macro == macros_.end() ? operand.substr(at, end - at) : macro->second;
      at = end;
    }
    size_t open = text.find('(');
    size_t close = text.rfind(')');
    if (open != std::string::npos && close != std::string::npos && open < close) {
      text = text.substr(open + 1, close - open - 1);
    }
    return unquoted(text);
  }

  bool take(const std::string& path) {
    if (files_.count(path) != 0) return true;
    const Known* known = look_at(path);
    if (known == nullptr) return false;
    add(path, *known);
    auto includes = known->includes;
    follow(includes, std::string(wire::folder_of(path)));
    return true;
  }

  void add(const std::string& path, const Known& known) {
    if (!files_.emplace(path, known.digest).second) return;
    bytes_ += static_cast<size_t>(known.size);
    if (bytes_ > wire::kMaxIncludeBytes || files_.size() > wire::kMaxIncludeFiles) too_much();
  }

  void too_much() {
    problem_ = "the folders that the build options name hold more than 64 MiB or 10,000 files of sources";
  }

  void walk(const std::string& folder, int depth) {
    DIR* open = depth > kMaxDepth ? nullptr : opendir(folder.c_str());
    if (open == nullptr) return;
    struct stat info;
    if (fstat(dirfd(open), &info) == 0 && visited_.emplace(info.st_dev, info.st_ino).second) {
      while (const dirent* entry = readdir(open)) {
        if (!problem_.empty()) break;
        if (++entries_ > kMaxEntries) too_much();
        std::string_view name = entry->d_name;
        if (name[0] == '.') continue;
        std::string path = wire::absolute_path(folder, name);
        if (stat(path.c_str(), &info) != 0) continue;
        if (S_ISDIR(info.st_mode)) walk(path, depth + 1);
        if (!S_ISREG(info.st_mode) || !is_source_like(name)) continue;
        const Known* known = look_at(path);
        if (known != nullptr && known->text) add(path, *known);
      }
    }
    closedir(open);
  }

  std::string cwd_;
  std::vector<std::string> folders_;
  std::vector<std::string> forced_;
  std::map<std::string, std::string> macros_;
  std::map<std::string, Digest> files_;
  std::set<std::pair<dev_t, ino_t>> visited_;
  std::string problem_;
  size_t bytes_ = 0;
  size_t entries_ = 0;
  bool everything_ = false;
};

std::string working_folder() {
  char path[4096];
  return getcwd(path, sizeof path) == nullptr ? "/" : path;
}

bool send_file(shim::Session* session, const std::string& path, const Digest& digest, Sent* sent) {
  if (sent->files.count(digest) != 0) return true;
  std::string bytes;
  if (!read_file(path, &bytes)) return true;
  if (sent->bytes + bytes.size() > wire::kMaxIncludeBytes || sent->files.size() >= wire::kMaxIncludeFiles) return false;
  msg::StoreFile m;
  m.data = wire::blob(bytes);
  session->post(m);
  sent->bytes += bytes.size();
  sent->files.insert(digest);
  return true;
}

}  // namespace

ShippedIncludes ship_includes(shim::Session* session, const std::vector<std::string_view>& sources,
                              const std::string& options) {
  auto asks = [](std::string_view text) {
    return text.find("include") != std::string_view::npos || text.find("import") != std::string_view::npos;
  };
  if (std::none_of(sources.begin(), sources.end(), asks) && !asks(options)) return {};
  std::lock_guard lock(memory().lock);
  Collector collector(options, working_folder());
  collector.collect(sources);
  ShippedIncludes result;
  result.problem = collector.problem();
  Sent& sent = memory().sent[session];
  std::string manifest = collector.cwd() + '\0';
  for (const auto& [path, digest] : collector.files()) {
    manifest += wire::to_hex(digest.data(), digest.size()) + path + '\0';
    if (result.problem.empty() && !send_file(session, path, digest, &sent)) {
      result.problem = "this session has sent 64 MiB or 10,000 files for #include already";
    }
  }
  if (!result.problem.empty()) {
    log_error("a build needs too many files: %s", result.problem.c_str());
    return result;
  }
  uint64_t& number = sent.views[digest_of(manifest)];
  if (number == 0) {
    number = sent.views.size();
    msg::IncludeView m;
    m.number = number;
    m.manifest = wire::blob(manifest);
    session->post(m);
  }
  result.view = number;
  return result;
}

}  // namespace cenote::opencl
