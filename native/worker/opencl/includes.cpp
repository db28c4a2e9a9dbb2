#include "worker/opencl/includes.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "wire/includes.hpp"
#include "wire/log.hpp"
#include "wire/sha256.hpp"

namespace cenote::opencl {

namespace {

constexpr size_t kDigest = 64;  // in hex
constexpr size_t kMaxViews = 10000;
constexpr size_t kMaxViewBytes = size_t{256} << 20;

std::string digest_of(std::string_view bytes) {
  wire::Sha256 hash;
  hash.update(bytes.data(), bytes.size());
  wire::Digest digest = hash.finish();
  return wire::to_hex(digest.data(), digest.size());
}

std::string short_name(std::string_view of) { return digest_of(of).substr(0, 16); }

bool write_file(const std::string& path, std::string_view bytes) {
  int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return false;
  ssize_t n = 1;
  while (!bytes.empty() && (n = write(fd, bytes.data(), bytes.size())) > 0) bytes.remove_prefix(static_cast<size_t>(n));
  close(fd);
  return bytes.empty();
}

std::string read_file(const std::string& path, size_t size) {
  std::string bytes(size, '\0');
  int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  ssize_t n = fd < 0 ? 0 : read(fd, bytes.data(), size);
  if (fd >= 0) close(fd);
  bytes.resize(n < 0 ? 0 : static_cast<size_t>(n));
  return bytes;
}

void make_folders(const std::string& path) {
  for (size_t slash = path.find('/', 1); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    mkdir(path.substr(0, slash).c_str(), 0700);
  }
  mkdir(path.c_str(), 0700);
}

std::string place_of(const View& view, std::string_view path) {
  return view.name + "/" + std::string(wire::kFilesFolder) + std::string(path);
}

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (size_t at = text.find(from); !from.empty() && at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

/// Where the client's file of this name would be found; empty where it is none that it sent.
std::string find(const View& view, std::string_view name, std::string_view folder,
                 const std::vector<std::string>& folders) {
  auto has = [&](std::string_view from) {
    std::string path = wire::absolute_path(from, name);
    return view.files.count(path) != 0 ? path : std::string();
  };
  std::string path = folder.empty() ? std::string() : has(folder);
  for (size_t i = 0; path.empty() && i < folders.size(); ++i) path = has(folders[i]);
  return path.empty() ? has(view.cwd) : path;
}

/// An operand that leaves the private folder, as it is to be; the same where it does not.
std::string contain_operand(std::string_view operand, char form, const View* view, std::string_view folder,
                            const std::vector<std::string>& folders) {
  std::string text(operand);
  if (form == 0) {
    for (size_t at = text.find('/'); at != std::string::npos; at = text.find('/', at + 1)) {
      bool starts =
          at > 0 && (text[at - 1] == '(' || text[at - 1] == '"' || text[at - 1] == '<' || text[at - 1] == ' ');
      bool comment = at + 1 < text.size() && (text[at + 1] == '*' || text[at + 1] == '/');
      if (!starts || comment) continue;
      text.insert(at, wire::kFilesFolder);
      at += wire::kFilesFolder.size();
    }
    return text;
  }
  if (!wire::leaves_folder(text)) return text;
  std::string path;
  if (text[0] == '/') {
    path = wire::absolute_path("/", text);
  } else if (view != nullptr) {
    path = find(*view, text, folder, folders);
  }
  if (!path.empty()) return std::string(wire::kFilesFolder) + path;
  replace_all(text, "..", "__");
  return text;
}

std::string quoted(const std::string& text) {
  if (text.find_first_of(" \t\"'\\") == std::string::npos) return text;
  std::string all = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') all += '\\';
    all += c;
  }
  return all + '"';
}

}  // namespace

bool Includes::store(const wire::Blob& data) {
  if (bytes_ + data.size() > wire::kMaxIncludeBytes || stored_.size() >= wire::kMaxIncludeFiles) return false;
  enter();
  std::string digest = digest_of(data.text());
  if (!stored_.emplace(digest, data.size()).second) return true;
  bytes_ += data.size();
  if (!write_file(folder_ + "/store/" + digest, data.text()))
    log_error("no room for a client's file in %s", folder_.c_str());
  return true;
}

bool Includes::add_view(uint64_t number, const wire::Blob& manifest) {
  std::string_view rest = manifest.text();
  auto next = [&] {
    size_t end = rest.find('\0');
    std::string_view entry = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    return entry;
  };
  auto proper = [](std::string_view path) { return path.size() < 4096 && wire::absolute_path("/", path) == path; };
  auto digest = [](std::string_view text) {
    return text.size() == kDigest && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  };
  auto view = std::make_shared<View>();
  view->cwd = next();
  if (!proper(view->cwd)) return false;
  while (!rest.empty()) {
    std::string_view entry = next();
    bool good = entry.size() > kDigest && digest(entry.substr(0, kDigest)) && proper(entry.substr(kDigest));
    if (!good || view->files.size() >= wire::kMaxIncludeFiles) return false;
    view->files.emplace(entry.substr(kDigest), entry.substr(0, kDigest));
  }
  view->name = "v/" + short_name(manifest.text());
  view_bytes_ += manifest.size();
  if (view_bytes_ > kMaxViewBytes) return false;
  return views_.size() < kMaxViews && views_.emplace(number, std::move(view)).second;
}

std::shared_ptr<View> Includes::view(uint64_t number) const {
  auto at = views_.find(number);
  return at == views_.end() ? nullptr : at->second;
}

void Includes::enter() {
  std::lock_guard lock(folder_lock_);
  if (!folder_.empty()) return;
  // The supervisor removes the folder of a dead worker by its name; who sweeps sees by the lock that this one lives.
  const char* given = std::getenv("CENOTE_WORKER_FOLDER");
  std::string name = std::string(given != nullptr && *given != '\0' ? given : "/tmp") + "/cenote-worker-" +
                     std::to_string(getpid()) + "-XXXXXX";
  if (mkdtemp(name.data()) == nullptr) name = "/proc/self/fdinfo";  // nothing can be put there, but nothing read either
  folder_ = name;
  int held = open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (held >= 0 && flock(held, LOCK_EX | LOCK_NB) != 0) log_error("%s is locked by another process", folder_.c_str());
  mkdir((folder_ + "/v").c_str(), 0700);
  mkdir((folder_ + "/store").c_str(), 0700);
  if (chdir(folder_.c_str()) != 0) log_error("the private folder %s cannot be entered", folder_.c_str());
}

Prepared Includes::prepare(const View* view, const std::string& options) {
  Prepared all;
  all.options = options;
  std::vector<wire::PathOption> paths = wire::find_path_options(options);
  std::string cwd = view == nullptr ? "/" : view->cwd;
  for (const wire::PathOption& option : paths) {
    if (option.kind == wire::PathOption::kFolder) all.folders.push_back(wire::absolute_path(cwd, option.value));
  }
  for (auto option = paths.rbegin(); option != paths.rend(); ++option) {
    std::string path = wire::absolute_path(cwd, option->value);
    std::string replacement;
    if (option->kind == wire::PathOption::kFolder) {
      replacement = "v/none";
      if (view != nullptr) {
        replacement = view->name + "/" + short_name(path);
        all.names.emplace_back(replacement, option->value);
      }
    } else if (option->kind == wire::PathOption::kFile) {
      replacement =
          view == nullptr ? "v/none" : quoted(place_of(*view, find(*view, option->value, view->cwd, all.folders)));
    } else {
      std::string value = option->value;
      bool in_quotes = value.size() > 1 && value.front() == '"' && value.back() == '"';
      if (in_quotes) value = value.substr(1, value.size() - 2);
      if (view == nullptr || value.empty() || value[0] != '/') continue;
      auto at = view->files.lower_bound(path);
      bool folder = at != view->files.end() && at->first.rfind(path + "/", 0) == 0;
      if (!folder && view->files.count(path) == 0) continue;
      value.insert(0, wire::kFilesFolder);
      replacement = quoted(option->name + "=" + (in_quotes ? '"' + value + '"' : value));
    }
    all.options.replace(option->begin, option->end - option->begin, option->flag + " " + replacement);
  }
  if (view == nullptr) return all;
  std::string here = view->name + "/" + short_name(view->cwd);
  all.options += " -I " + here + " -I " + view->name;
  all.names.emplace_back(here, ".");
  all.names.emplace_back(view->name + "/" + std::string(wire::kFilesFolder), "");
  return all;
}

void Includes::lay_out(View* laid, const std::vector<std::string>& folders) {
  enter();
  if (laid == nullptr) return;
  View& view = *laid;
  std::lock_guard lock(view.lock);
  if (!std::exchange(view.laid_out, true)) {
    make_folders(view.name);
    std::set<std::string> linked;
    std::string made;
    for (const auto& [path, digest] : view.files) {
      std::string to = place_of(view, path);
      std::string folder(wire::folder_of(to));
      if (folder != made) make_folders(made = folder);
      std::string from = "store/" + digest;
      struct stat info;
      if (stat(from.c_str(), &info) != 0) continue;
      std::string text = read_file(from, static_cast<size_t>(info.st_size));
      std::string contained = contain(text, &view, wire::folder_of(path), folders);
      // Two files of the same content must not be one to a compiler that looks at inodes.
      bool own = contained != text || !linked.insert(digest).second;
      if (own ? !write_file(to, contained) : link(from.c_str(), to.c_str()) != 0) {
        log_error("a client's file cannot be put into %s", folder_.c_str());
      }
    }
  }
  std::vector<std::string> all = folders;
  all.push_back(view.cwd);
  for (const std::string& folder : all) {
    if (!view.folders.insert(folder).second) continue;
    std::string place = place_of(view, folder);
    make_folders(place);
    std::string target = std::string(wire::kFilesFolder) + folder;
    if (symlink(target.c_str(), (view.name + "/" + short_name(folder)).c_str()) != 0)
      log_debug("a folder is there already");
  }
}

std::string Includes::contain(std::string_view text, const View* view, std::string_view folder,
                              const std::vector<std::string>& folders) {
  std::string all;
  size_t done = 0;
  for (const wire::Include& include : wire::find_includes(text)) {
    if (include.begin < done) continue;
    std::string_view operand = text.substr(include.begin, include.end - include.begin);
    std::string contained = contain_operand(operand, include.form, view, folder, folders);
    if (contained == operand) continue;
    all.append(text.substr(done, include.begin - done)).append(contained);
    done = include.end;
  }
  return all.append(text.substr(done));
}

std::string Includes::client_names(std::string text, const Names& names) const {
  replace_all(text, folder_ + "/v/", "v/");
  for (const auto& [ours, theirs] : names) replace_all(text, ours, theirs);
  return text;
}

}  // namespace cenote::opencl
