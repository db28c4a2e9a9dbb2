#include "shim/allocation.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

namespace cenote::shim {

namespace {

bool from_hex(const std::string& text, unsigned char* bytes, size_t size) {
  if (text.size() != 2 * size) return false;
  for (size_t i = 0; i < size; ++i) {
    char pair[3] = {text[2 * i], text[2 * i + 1], '\0'};
    char* end = nullptr;
    bytes[i] = static_cast<unsigned char>(std::strtoul(pair, &end, 16));
    if (end != pair + 2) return false;
  }
  return true;
}

}  // namespace

std::vector<wire::Endpoint> read_allocation(std::string* error) {
  const char* path = std::getenv("CENOTE_ALLOCATION_FILE");
  if (path == nullptr || *path == '\0') {
    *error = "no allocation: start the program with `cenote run --server HOST -- program`";
    return {};
  }
  errno = 0;
  std::ifstream file(path);
  if (!file.is_open()) {
    *error = std::string(path) + " cannot be read (" + std::strerror(errno) +
             "): has `cenote run` ended, or does another user run the program?";
    return {};
  }
  std::string line;
  if (!std::getline(file, line) || line != "cenote-allocation 1") {
    *error = std::string(path) + " is no allocation file of this version";
    return {};
  }
  std::vector<wire::Endpoint> endpoints;
  while (std::getline(file, line)) {
    std::istringstream words(line);
    std::string keyword;
    std::string security;
    std::string id;
    std::string secret;
    wire::Endpoint endpoint;
    words >> keyword >> endpoint.address >> endpoint.port >> security >> id >> secret;
    endpoint.tls = security == "tls";
    if (!words || keyword != "server" || !from_hex(id, endpoint.allocation_id, sizeof endpoint.allocation_id) ||
        !from_hex(secret, endpoint.secret, sizeof endpoint.secret)) {
      *error = std::string(path) + " has a line that is no server";
      return {};
    }
    endpoints.push_back(std::move(endpoint));
  }
  if (endpoints.empty()) *error = std::string(path) + " names no server";
  return endpoints;
}

}  // namespace cenote::shim
