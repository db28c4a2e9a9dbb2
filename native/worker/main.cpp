// cenote-worker: executes the calls of one client process. Started by the supervisor with the control socket as
// descriptor 3; loads no driver before a session has proved its secret.
#include <malloc.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <sstream>
#include <thread>

#include "wire/handshake.hpp"
#include "wire/log.hpp"
#include "worker/bulk.hpp"
#include "worker/control.hpp"
#include "worker/opencl/worker.hpp"

namespace {

using namespace cenote;  // NOLINT: this file only

constexpr int kControlDescriptor = 3;
constexpr int kProofTimeoutMs = 2000;
constexpr int kKeptMemory = 16 << 20;

int list_devices() {
  std::string error;
  auto inventory = opencl::load_inventory(&error);
  if (inventory == nullptr) {
    std::fprintf(stderr, "cenote-worker: %s\n", error.c_str());
    std::puts("{\"platforms\":[]}");
    return 0;
  }
  std::puts(opencl::describe_json(*inventory).c_str());
  return 0;
}

/// What the session may use of a device.
struct Lent {
  uint32_t index;
  size_t memory;
  size_t overhead;
};

struct Session {
  unsigned char id[16];
  unsigned char secret[32];
  bool tls = false;
  std::vector<Lent> devices;
};

std::unique_ptr<wire::Transport> accept(const Session& session, const worker::Packet& packet,
                                        const std::string& preamble_hex, uint16_t stream, std::string* error) {
  unsigned char preamble[wire::kPreambleSize];
  if (packet.descriptor < 0 || !worker::from_hex(preamble_hex, preamble, sizeof preamble)) {
    *error = "malformed packet from the supervisor";
    return nullptr;
  }
  return wire::accept_stream(packet.descriptor, preamble, session.id, stream, session.secret, session.tls,
                             kProofTimeoutMs, error);
}

bool parse_session(const worker::Packet& packet, Session* session) {
  if (packet.words.size() != 6 || packet.words[0] != "session") return false;
  if (!worker::from_hex(packet.words[1], session->id, sizeof session->id)) return false;
  if (!worker::from_hex(packet.words[2], session->secret, sizeof session->secret)) return false;
  std::istringstream devices(packet.words[4]);
  for (std::string text; std::getline(devices, text, ',');) {
    std::istringstream fields(text);
    Lent lent{};
    char colon = 0;
    if (!(fields >> lent.index >> colon >> lent.memory >> colon >> lent.overhead)) return false;
    session->devices.push_back(lent);
  }
  session->tls = packet.words[5] == "1";
  return true;
}

/// What the session has used so far: calls, bytes from and to the client, whether anything is under way, and for how
/// many microseconds devices have had work of it.
std::string used(opencl::Worker& serving, const Session& session) {
  auto served = serving.served();
  auto traffic = serving.bulk->traffic();
  std::ostringstream said;
  said << "used " << served.calls << ' ' << served.bytes + traffic.received << ' '
       << serving.outbox.sent() + traffic.sent;
  std::lock_guard lock(serving.mutex());
  said << (served.unfinished || serving.activity.busy() ? " 1 " : " 0 ");
  for (const char* separator = ""; const Lent& lent : session.devices) {
    said << std::exchange(separator, ",") << lent.index << ':' << serving.activity.time(lent.index) / 1000;
  }
  return said.str();
}

/// Tells the client why it is about to lose this server, in words for people.
void say_over(opencl::Worker& serving, const std::string& hex) {
  std::string text(hex.size() / 2, '\0');
  if (!worker::from_hex(hex, reinterpret_cast<unsigned char*>(text.data()), text.size())) return;
  serving.post([&serving, text] {
    wire::Blob words = wire::blob(text);
    serving.outbox.add(wire::Notice::kOver, 0, wire::wire_size(words), [&](wire::Writer& w) { w.bytes(words); });
  });
}

/// Does what the supervisor says until it is gone.
void obey(worker::Control& control, const Session& session, opencl::Worker* serving) {
  worker::Packet more;
  while (control.receive(&more)) {
    if (more.words.size() == 3 && more.words[0] == "grant") {
      serving->quota.granted(static_cast<uint32_t>(std::strtoul(more.words[1].c_str(), nullptr, 10)),
                             std::strtoull(more.words[2].c_str(), nullptr, 10));
    }
    if (more.words.size() == 1 && more.words[0] == "usage") control.send(used(*serving, session));
    serving->turns.heard(more.words);
    if (more.words.size() == 2 && more.words[0] == "over") say_over(*serving, more.words[1]);
    if (more.words.size() != 3 || more.words[0] != "stream") continue;
    std::string why;
    auto number = static_cast<uint16_t>(std::strtoul(more.words[1].c_str(), nullptr, 10));
    auto stream = accept(session, more, more.words[2], number, &why);
    control.send(stream == nullptr ? "refused " + more.words[1] + " " + why : "authenticated " + more.words[1]);
    if (stream != nullptr) serving->bulk->add(std::move(stream));
  }
}

int serve() {
  worker::Control control(kControlDescriptor);
  control.send("ready");
  worker::Packet packet;
  Session session;
  do {
    if (!control.receive(&packet)) return 0;
  } while (!parse_session(packet, &session));
  if (packet.listener >= 0) control.listen(packet.listener);
  std::string error;
  auto commands = accept(session, packet, packet.words[3], 0, &error);
  if (commands == nullptr) {
    control.send("refused 0 " + error);
    return 1;
  }
  control.send("authenticated 0");
  auto inventory = opencl::load_inventory(&error);
  if (inventory == nullptr) {
    log_error("%s", error.c_str());
    inventory = std::make_unique<opencl::Inventory>();
  }
  inventory->lent.clear();
  for (const Lent& lent : session.devices) {
    if (lent.index >= inventory->devices.size()) continue;
    inventory->lent.push_back(lent.index);
    inventory->devices[lent.index]->share = lent.memory;
  }
  // All of this lives as long as the process, which ends with the session.
  auto* bulk = new worker::Bulk;
  auto* serving = new opencl::Worker(std::move(commands), std::move(inventory), bulk);
  bulk->attach(serving);
  serving->output.capture();
  for (const Lent& lent : session.devices) serving->quota.lend(lent.index, lent.memory, lent.overhead);
  serving->quota.attach(&control);
  serving->turns.attach(&control);
  serving->last_words = [&control, &session, serving] { control.send(used(*serving, session)); };
  std::thread([&control, &session, serving, name = packet.words[1]] {
    for (;;) {
      obey(control, session, serving);
      serving->quota.unsupervised();
      serving->turns.unsupervised();
      int next = control.wait_for_next();
      if (next < 0) return;
      serving->quota.supervised_again(next, name);
    }
  }).detach();
  serving->run();
}

}  // namespace

int main(int argc, char** argv) {
  set_log_defaults("cenote-worker", LogLevel::kInfo);
  signal(SIGPIPE, SIG_IGN);
  // Payloads come and go: memory given back to the system would be zeroed anew for each.
  mallopt(M_TRIM_THRESHOLD, kKeptMemory);
  mallopt(M_MMAP_THRESHOLD, kKeptMemory);
  if (argc == 2 && std::strcmp(argv[1], "--list-devices") == 0) return list_devices();
  if (argc != 1) {
    std::fprintf(stderr, "usage: cenote-worker [--list-devices]\nStarted by `cenote serve`.\n");
    return 64;
  }
  return serve();
}
