#include "wire/libssl.hpp"

#include <dlfcn.h>
#include <time.h>

#include <atomic>
#include <filesystem>
#include <mutex>
#include <string>

namespace cenote::wire {

namespace {

constexpr uint64_t kNoAtexit = 0x00080000;  // OPENSSL_INIT_NO_ATEXIT: the program, not we, says when OpenSSL ends
constexpr char kSslName[] = "libssl.so.3";
constexpr char kCryptoName[] = "libcrypto.so.3";

std::atomic<const LibSsl*> opened{nullptr};
std::atomic<bool> torn_down{false};
std::atomic<int> users{0};

/// Never destroyed, because static destructors of the program may still send something.
std::mutex& opening() {
  static auto* mutex = new std::mutex;
  return *mutex;
}

/// For hosts whose own does not fit: lib/openssl, beside the folder of the program or library that this code is in.
/// Not lib itself, which is on the search path of the user's programs.
std::string own_folder() {
  Dl_info self{};
  if (dladdr(reinterpret_cast<const void*>(&own_folder), &self) == 0 || self.dli_fname == nullptr) return {};
  std::error_code error;
  auto file = std::filesystem::canonical(self.dli_fname, error);
  return error ? std::string() : (file.parent_path().parent_path() / "lib" / "openssl").string();
}

/// The program's OpenSSL is about to go, while threads of ours may be inside it: these need microseconds to leave.
void leave_library() {
  torn_down.store(true);
  for (int i = 0; i < 50 && users.load() != 0; ++i) {
    timespec millisecond{0, 1000000};
    nanosleep(&millisecond, nullptr);
  }
}

void* open_in(const std::string& folder, std::string* problem) {
  std::string prefix = folder.empty() ? "" : folder + "/";
  // Where libssl has no search path of its own, its dependency is found because it is loaded already.
  if (!folder.empty()) dlopen((prefix + kCryptoName).c_str(), RTLD_NOW | RTLD_LOCAL);
  void* library = dlopen((prefix + kSslName).c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* said = dlerror();
    *problem = said == nullptr ? kSslName : said;
  }
  return library;
}

const LibSsl* bind(void* library, std::string* problem) {
  auto* functions = new LibSsl;
  const char* missing = nullptr;
#define CENOTE_BIND(name, result, parameters)                                           \
  functions->name = reinterpret_cast<decltype(functions->name)>(dlsym(library, #name)); \
  if (functions->name == nullptr) missing = #name;
  CENOTE_LIBSSL_FUNCTIONS(CENOTE_BIND)
  CENOTE_LIBCRYPTO_FUNCTIONS(CENOTE_BIND)
#undef CENOTE_BIND
  if (missing != nullptr) {
    *problem = std::string(kSslName) + " has no " + missing;
  } else if (functions->OPENSSL_init_ssl(kNoAtexit, nullptr) != 1) {
    *problem = std::string(kSslName) + " cannot be initialised";
  } else {
    functions->OPENSSL_atexit(leave_library);
    return functions;
  }
  delete functions;
  return nullptr;
}

}  // namespace

const LibSsl* libssl(std::string* error) {
  if (const LibSsl* ready = opened.load(std::memory_order_acquire)) return ready;
  std::lock_guard lock(opening());
  if (const LibSsl* ready = opened.load(std::memory_order_acquire)) return ready;
  std::string folder = own_folder();
  std::string problem;
  const LibSsl* found = nullptr;
  for (const std::string& place : {folder, std::string()}) {
    void* library = open_in(place, &problem);
    if (library != nullptr) found = bind(library, &problem);
    if (found != nullptr || folder.empty()) break;
  }
  if (found == nullptr) {
    *error = "the connection needs TLS, but OpenSSL 3 is not usable here (" + problem + "): install it, or put " +
             kSslName + " and " + kCryptoName + " into " + folder;
  }
  opened.store(found, std::memory_order_release);
  return found;
}

LibSslInUse::LibSslInUse() {
  users.fetch_add(1);
  usable_ = !torn_down.load();
}

LibSslInUse::~LibSslInUse() { users.fetch_sub(1); }

}  // namespace cenote::wire
