// Finding OpenSSL, and living in processes that fork, or tear OpenSSL down at exit. Each scenario is a process of its
// own.
#include <dlfcn.h>
#include <poll.h>
#include <sys/wait.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>

#include "sockets.hpp"
#include "wire/libssl.hpp"

using namespace cenote;
using namespace cenote::test;
using wire::Io;

namespace {

constexpr wire::Digest kKey = {1, 2, 3};

/// Runs a scenario in a forked process, whose failed checks make it fail here.
void in_child(const std::function<void()>& scenario) {
  pid_t pid = fork();
  if (pid == 0) {
    failures = 0;
    scenario();
    std::fflush(nullptr);
    _exit(result());
  }
  int status = 0;
  CHECK(waitpid(pid, &status, 0) == pid);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

std::string file_of(void* function) {
  Dl_info info{};
  return dladdr(function, &info) == 0 ? "" : std::filesystem::canonical(info.dli_fname).string();
}

class Folder {
 public:
  Folder() : path_(std::filesystem::temp_directory_path() / ("cenote-test-" + std::to_string(getpid()))) {
    std::filesystem::create_directory(path_);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path_); }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

struct Libraries {
  std::filesystem::path ssl;
  std::filesystem::path crypto;
};

/// The system's, found without opening them in this process.
Libraries system_libraries() {
  int ends[2] = {-1, -1};
  CHECK(pipe(ends) == 0);
  in_child([&] {
    std::string error;
    const wire::LibSsl* lib = wire::libssl(&error);
    REQUIRE(lib != nullptr);
    std::string files =
        file_of(reinterpret_cast<void*>(lib->SSL_new)) + "\n" + file_of(reinterpret_cast<void*>(lib->BIO_new)) + "\n";
    CHECK(write(ends[1], files.data(), files.size()) == static_cast<ssize_t>(files.size()));
  });
  close(ends[1]);
  char files[8192] = {};
  CHECK(read(ends[0], files, sizeof files - 1) > 0);
  close(ends[0]);
  std::istringstream lines(files);
  Libraries found;
  lines >> found.ssl >> found.crypto;
  return found;
}

bool works() {
  TlsErrors errors;
  TransportPair pair = tls_pair(tcp_pair(), kKey, kKey, &errors);
  return pair.first != nullptr && pair.second != nullptr;
}

/// Runs a copy of this program that lies in the folder's bin, which says where its libssl lies.
void expect_library(const Folder& folder, const std::filesystem::path& library) {
  in_child([&] {
    std::string program = folder.path() / "bin" / "program";
    execl(program.c_str(), program.c_str(), "found", library.c_str(), nullptr);
    CHECK(false);
  });
}

int expect_at(const char* library) {
  std::string error;
  const wire::LibSsl* lib = wire::libssl(&error);
  CHECK(lib != nullptr && works() && file_of(reinterpret_cast<void*>(lib->SSL_new)) == library);
  return result();
}

void searching(const char* self) {
  Folder folder;
  std::filesystem::path ours = folder.path() / "lib" / "openssl";
  std::filesystem::create_directory(folder.path() / "bin");
  std::filesystem::create_directories(ours);
  std::filesystem::copy_file(self, folder.path() / "bin" / "program");
  Libraries system = system_libraries();
  expect_library(folder, system.ssl);  // nothing of ours there
  std::filesystem::copy_file(system.ssl, ours / "libssl.so.3");
  std::filesystem::copy_file(system.crypto, ours / "libcrypto.so.3");
  expect_library(folder, ours / "libssl.so.3");  // ours goes first
  std::ofstream(ours / "libssl.so.3") << "no library";
  expect_library(folder, system.ssl);  // ours does not fit
}

/// Started again with a search path on which libssl.so.3 is no library.
void without_any(const char* self) {
  Folder folder;
  std::ofstream(folder.path() / "libssl.so.3") << "no library";
  in_child([&] {
    setenv("LD_LIBRARY_PATH", folder.path().c_str(), 1);
    execl(self, self, "without", nullptr);
    CHECK(false);
  });
}

int expect_none() {
  std::string error;
  CHECK(wire::libssl(&error) == nullptr);
  CHECK(error.starts_with("the connection needs TLS, but OpenSSL 3 is not usable here ("));
  error.clear();
  auto tls = wire::make_tls(unix_pair().first, wire::TlsRole::kClient, "a", kKey, wire::Deadline(100), &error);
  CHECK(tls == nullptr && !error.empty());
  return result();
}

/// The program's own use of OpenSSL ends it at exit, before our threads have stopped.
void torn_down() {
  TlsErrors errors;
  TransportPair pair = tls_pair(tcp_pair(), kKey, kKey, &errors);
  REQUIRE(pair.first != nullptr && pair.second != nullptr);
  std::atomic<bool> gone{false};
  std::thread reader([&] {
    char byte = 0;
    while (pair.second->receive(&byte, 1).status != Io::kClosed) {
    }
    gone.wait(false);  // as our threads do not end before the process; ending, they would enter OpenSSL once more
  });
  void* crypto = dlopen("libcrypto.so.3", RTLD_NOW);
  auto cleanup = reinterpret_cast<void (*)()>(dlsym(crypto, "OPENSSL_cleanup"));
  cleanup();
  gone = true;
  gone.notify_all();
  reader.join();
  wire::Piece piece{"x", 1};
  CHECK(pair.first->send(&piece, 1).status == Io::kClosed);
  CHECK(wire::make_tls(unix_pair().first, wire::TlsRole::kClient, "a", kKey, wire::Deadline(100), &errors.client) ==
        nullptr);
}

/// A child neither disturbs its parent's streams nor keeps them open.
void forking() {
  TlsErrors errors;
  for (bool tls : {false, true}) {
    TransportPair pair = tls ? tls_pair(tcp_pair(), kKey, kKey, &errors) : tcp_pair();
    REQUIRE(pair.first != nullptr && pair.second != nullptr);
    in_child([&] {
      pair.first->abandon();
      pair.second->abandon();
      pair = {};
      CHECK(works());
    });
    char text[4] = {};
    wire::Piece piece{"abc", 3};
    CHECK(pair.first->send(&piece, 1).bytes == 3);
    pollfd entry{pair.second->descriptor(), POLLIN, 0};
    CHECK(poll(&entry, 1, 2000) == 1);
    CHECK(pair.second->receive(text, 3).bytes == 3 && std::strcmp(text, "abc") == 0);

    int until[2];
    CHECK(pipe(until) == 0);
    pid_t pid = fork();
    if (pid == 0) {
      pair.first->abandon();
      close(until[1]);
      char byte = 0;
      _exit(read(until[0], &byte, 1) == 0 ? 0 : 1);
    }
    usleep(50000);
    pair.first.reset();
    CHECK(poll(&entry, 1, 2000) == 1);
    CHECK(pair.second->receive(text, 1).status == Io::kClosed);
    close(until[1]);
    close(until[0]);
    int status = 0;
    waitpid(pid, &status, 0);
    CHECK(status == 0);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2) return expect_none();
  if (argc == 3) return expect_at(argv[2]);
  searching(argv[0]);
  without_any(argv[0]);
  in_child(torn_down);
  forking();
  return result();
}
