// Slabs of shared memory: asked of the server, mapped at the server's addresses, and cut into allocations.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <mutex>
#include <shared_mutex>

#include "shim/opencl/svm.hpp"
#include "wire/log.hpp"

namespace cenote::opencl {

std::atomic<int> shared_in_use{0};

namespace {

constexpr size_t kPage = 4096;
constexpr size_t kSlab = size_t{64} << 20;
constexpr size_t kGrain = 128;  // the largest type of OpenCL C
constexpr int kAttempts = 8;

struct Registry {
  std::mutex slabs_lock;  // before `lock`
  std::vector<Slab*> slabs;
  std::vector<std::pair<uintptr_t, size_t>> retired;  // mapped still, because transfers may yet look at them
  std::shared_mutex lock;
  std::map<uintptr_t, Shared> allocations;
};
Registry* registry = new Registry;  // leaked: static destructors of the program may still call us

size_t round_up(size_t value, size_t to) { return (value + to - 1) & ~(to - 1); }

bool is_tracked(SvmKind kind) { return kind == kSvmFine || kind == kUsmHost || kind == kUsmShared; }

/// Where this process has something mapped: pairs of begin and end, with small gaps closed.
std::vector<uint64_t> taken_ranges() {
  std::vector<uint64_t> ranges;
  int file = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
  if (file < 0) return ranges;
  std::string text;
  char piece[4096];
  for (ssize_t n = 0; (n = read(file, piece, sizeof piece)) > 0;) text.append(piece, static_cast<size_t>(n));
  close(file);
  for (size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
    char* end = nullptr;
    uint64_t from = std::strtoull(text.c_str() + at, &end, 16);
    uint64_t to = *end == '-' ? std::strtoull(end + 1, nullptr, 16) : 0;
    if (!ranges.empty() && from - ranges.back() < kSlab) {
      ranges.back() = to;
    } else {
      ranges.insert(ranges.end(), {from, to});
    }
    if (text.find('\n', at) == std::string::npos) break;
  }
  return ranges;
}

/// Takes exactly these addresses, if nothing else has them.
bool take_addresses(uintptr_t base, size_t size) {
  std::erase_if(registry->retired, [&](const auto& old) {
    bool overlaps = old.first < base + size && base < old.first + old.second;
    if (overlaps) munmap(reinterpret_cast<void*>(old.first), old.second);
    return overlaps;
  });
  auto* at = reinterpret_cast<void*>(base);
  void* got = mmap(at, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
  if (got == at) {
    madvise(at, size, MADV_DONTDUMP);
    return true;
  }
  if (got != MAP_FAILED) munmap(got, size);
  return false;
}

void drop_slab(Context* context, uintptr_t address) {
  msg::SvmDrop m;
  m.context = context->id;
  m.address = address;
  context->session->post(m);
}

Slab* make_slab(Context* context, Device* device, SvmKind kind, size_t size) {
  std::vector<uintptr_t> aside;
  std::vector<uint64_t> taken;
  uintptr_t base = 0;
  for (int attempt = 0; attempt < kAttempts && base == 0; ++attempt) {
    msg::SvmSlab m;
    m.context = context->id;
    m.device = id_of(device);
    m.kind = kind;
    m.size = size;
    m.taken = {taken.data(), taken.size()};
    shim::Reply reply = context->session->call(m);
    if (reply.status != CL_SUCCESS) break;
    uintptr_t address = reply.reader().word();
    if (take_addresses(address, size)) {
      base = address;
    } else {
      log_debug("shared memory at %#zx is taken here", static_cast<size_t>(address));
      aside.push_back(address);
      taken = taken_ranges();
    }
  }
  for (uintptr_t address : aside) drop_slab(context, address);
  if (base == 0) return nullptr;
  // Memory of the device alone is never touched here, and a program that does is told so.
  if (kind != kUsmDevice) mprotect(reinterpret_cast<void*>(base), size, PROT_READ | PROT_WRITE);
  auto* slab = new Slab{context, device, kind, base, size, {{base, size}}};
  registry->slabs.push_back(slab);
  return slab;
}

uintptr_t take_from(Slab* slab, size_t room, size_t alignment) {
  for (auto at = slab->free.begin(); at != slab->free.end(); ++at) {
    uintptr_t from = round_up(at->first, alignment);
    uintptr_t end = at->first + at->second;
    if (from > end || end - from < room) continue;
    uintptr_t before = at->first;
    slab->free.erase(at);
    if (from != before) slab->free[before] = from - before;
    if (end != from + room) slab->free[from + room] = end - from - room;
    return from;
  }
  return 0;
}

void give_to(Slab* slab, uintptr_t base, size_t room) {
  auto [at, added] = slab->free.emplace(base, room);
  if (auto next = std::next(at); next != slab->free.end() && at->first + at->second == next->first) {
    at->second += next->second;
    slab->free.erase(next);
  }
  if (at == slab->free.begin()) return;
  if (auto before = std::prev(at); before->first + before->second == at->first) {
    before->second += at->second;
    slab->free.erase(at);
  }
}

/// Keeps one empty slab of the common size for what comes next; others go back.
void retire_if_empty(Slab* slab) {
  if (slab->free.size() != 1 || slab->free.begin()->second != slab->size) return;
  if (slab->size <= kSlab) {
    auto empty_alike = [&](const Slab* other) {
      return other != slab && other->context == slab->context && other->kind == slab->kind &&
             other->device == slab->device && other->free.size() == 1 && other->free.begin()->second == other->size;
    };
    if (std::none_of(registry->slabs.begin(), registry->slabs.end(), empty_alike)) return;
  }
  drop_slab(slab->context, slab->base);
  madvise(reinterpret_cast<void*>(slab->base), slab->size, MADV_DONTNEED);
  registry->retired.emplace_back(slab->base, slab->size);
  std::erase(registry->slabs, slab);
  delete slab;
}

}  // namespace

Allocation::~Allocation() {
  if (twin != nullptr) munmap(twin, room);
}

Shared allocate_shared(Context* context, Device* device, SvmKind kind, size_t size, size_t alignment) {
  bool tracked = is_tracked(kind);
  size_t room = round_up(size, tracked ? kPage : kGrain);
  alignment = std::max(alignment, tracked ? kPage : kGrain);
  auto allocation = std::make_shared<Allocation>();
  std::lock_guard guard(registry->slabs_lock);
  for (Slab* slab : registry->slabs) {
    if (slab->context != context || slab->kind != kind || slab->device != device) continue;
    allocation->base = take_from(slab, room, alignment);
    allocation->slab = slab;
    if (allocation->base != 0) break;
  }
  if (allocation->base == 0) {
    size_t least = round_up(room + (alignment > kPage ? alignment : 0), kPage);
    Slab* slab = make_slab(context, device, kind, std::max(least, kSlab));
    if (slab == nullptr && least < kSlab) slab = make_slab(context, device, kind, least);
    if (slab == nullptr) return nullptr;
    allocation->base = take_from(slab, room, alignment);
    allocation->slab = slab;
  }
  allocation->context = context;
  allocation->device = device;
  allocation->kind = kind;
  allocation->size = size;
  allocation->room = room;
  if (tracked) {
    void* twin = mmap(nullptr, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (twin == MAP_FAILED) {
      give_to(allocation->slab, allocation->base, room);
      return nullptr;
    }
    allocation->twin = static_cast<char*>(twin);
    madvise(reinterpret_cast<void*>(allocation->base), room, MADV_DONTNEED);  // zero, as the twin and the server's
    msg::SvmTrack m;
    m.context = context->id;
    m.address = allocation->base;
    m.size = room;
    context->session->post(m);
  }
  std::unique_lock lock(registry->lock);
  registry->allocations[allocation->base] = allocation;
  return allocation;
}

void free_shared(const Shared& allocation) {
  std::lock_guard guard(registry->slabs_lock);
  {
    std::unique_lock lock(registry->lock);
    if (registry->allocations.erase(allocation->base) == 0) return;
  }
  if (allocation->tracked()) stop_tracking(*allocation);
  give_to(allocation->slab, allocation->base, allocation->room);
  retire_if_empty(allocation->slab);
}

Shared find_shared(const void* address) {
  auto wanted = reinterpret_cast<uintptr_t>(address);
  std::shared_lock lock(registry->lock);
  auto at = registry->allocations.upper_bound(wanted);
  if (at == registry->allocations.begin()) return nullptr;
  --at;
  return at->second->contains(wanted, 0) ? at->second : nullptr;
}

std::vector<Shared> all_shared(const Context* context) {
  std::vector<Shared> all;
  std::shared_lock lock(registry->lock);
  for (const auto& [base, allocation] : registry->allocations) {
    if (allocation->context == context) all.push_back(allocation);
  }
  return all;
}

void forget_shared(Context* context) {
  for (const Shared& allocation : all_shared(context)) free_shared(allocation);
  std::lock_guard guard(registry->slabs_lock);
  std::erase_if(registry->slabs, [&](Slab* slab) {
    if (slab->context != context) return false;
    munmap(reinterpret_cast<void*>(slab->base), slab->size);
    delete slab;
    return true;
  });
}

}  // namespace cenote::opencl
