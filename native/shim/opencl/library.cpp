#include "shim/opencl/library.hpp"

#include <pthread.h>

#include <new>

#include "shim/allocation.hpp"
#include "shim/callbacks.hpp"
#include "shim/opencl/server.hpp"
#include "shim/trace.hpp"
#include "wire/log.hpp"

namespace cenote::opencl {

namespace {

// Leaked on purpose: static destructors of the program may still call us.
struct Library {
  std::mutex lock;
  bool opened = false;
  std::vector<Server*> servers;
  std::vector<Platform*> platforms;
};
Library* library = new Library;

void in_forked_child() {
  auto* parents = library;
  shim::restart_tracing();
  shim::forget_callbacks();
  shim::arena::forget([](uint8_t type) {
    return type != static_cast<uint8_t>(Type::kPlatform) && type != static_cast<uint8_t>(Type::kDevice);
  });
  library = new Library;
  library->servers = parents->servers;
  library->platforms = parents->platforms;
  for (Server* server : library->servers) server->abandon();
}

void open_servers() {
  if (library->servers.empty()) {
    std::string error;
    for (auto& endpoint : shim::read_allocation(&error)) library->servers.push_back(new Server(std::move(endpoint)));
    if (library->servers.empty()) log_error("%s", error.c_str());
  }
  bool known = !library->platforms.empty();
  for (Server* server : library->servers) {
    std::string error;
    if (!server->open(&error)) {
      log_error("%s", error.c_str());
      continue;
    }
    if (known) continue;
    for (Platform* platform : server->platforms()) library->platforms.push_back(platform);
  }
}

__attribute__((constructor)) void at_load() {
  shim::start_tracing();
  pthread_atfork(nullptr, nullptr, in_forked_child);
}

__attribute__((destructor)) void at_exit() {
  for (Server* server : library->servers) {
    if (server->session() != nullptr) server->session()->farewell();
    server->finish_trace();
  }
  shim::finish_tracing();
}

}  // namespace

bool opened() { return !platforms().empty(); }

const std::vector<Platform*>& platforms() {
  std::lock_guard guard(library->lock);
  if (!library->opened) {
    library->opened = true;
    open_servers();
  }
  return library->platforms;
}

Platform* platform_or_first(cl_platform_id platform) {
  const auto& all = platforms();
  if (platform == nullptr) return all.empty() ? nullptr : all.front();
  return shim::as<Platform>(platform);
}

Server& server_of(const Session* session) {
  for (Server* server : library->servers) {
    if (server->session() == session) return *server;
  }
  return *library->servers.front();
}

}  // namespace cenote::opencl

extern "C" __attribute__((visibility("default"))) const char* cenote_shim_version() { return "1"; }
