// Keeping memory that the program may touch at any time in step with the server's.
#include <mutex>

#include "shim/opencl/svm.hpp"
#include "wire/opencl_svm_diff.hpp"

namespace cenote::opencl {

namespace {

constexpr size_t kPushed = size_t{1} << 20;   // bytes looked at for one message
constexpr size_t kFetched = size_t{4} << 20;  // bytes that one message asks for

std::mutex step_lock;  // changes travel one thread at a time, so that the twins of both sides agree

void push(Allocation& allocation) {
  if (allocation.freed) return;
  std::vector<uint64_t> changes;
  for (size_t at = 0; at < allocation.room; at += kPushed) {
    changes.clear();
    find_changes(reinterpret_cast<const char*>(allocation.base) + at, allocation.twin + at,
                 std::min(kPushed, allocation.room - at), &changes);
    if (changes.empty()) continue;
    msg::SvmPush m;
    m.context = allocation.context->id;
    m.changes = {changes.data(), 8 * changes.size()};
    allocation.context->session->post(m);
  }
}

/// `allocations` are those that the ranges are parts of, by address.
void fetch(Context* context, const std::vector<Shared>& allocations, const std::vector<uint64_t>& ranges) {
  msg::SvmFetch m;
  m.context = context->id;
  m.ranges = {ranges.data(), ranges.size()};
  shim::Reply reply = context->session->call(m);
  if (reply.status != CL_SUCCESS) return;
  wire::Reader body = reply.reader();
  apply_changes(body.bytes(), [&](uint64_t address, uint64_t size) -> char* {
    auto at = std::upper_bound(allocations.begin(), allocations.end(), address,
                               [](uint64_t wanted, const Shared& a) { return wanted < a->base; });
    if (at == allocations.begin()) return nullptr;
    const Allocation& allocation = **std::prev(at);
    uint64_t offset = address - allocation.base;
    bool inside = offset <= allocation.room && size <= allocation.room - offset;
    return inside ? allocation.twin + offset : nullptr;
  });
}

}  // namespace

void push_shared(const std::vector<Shared>& allocations) {
  if (allocations.empty()) return;
  std::lock_guard guard(step_lock);
  for (const Shared& allocation : allocations) push(*allocation);
}

void stop_tracking(Allocation& allocation) {
  std::lock_guard guard(step_lock);
  msg::SvmUntrack m;
  m.context = allocation.context->id;
  m.address = allocation.base;
  allocation.context->session->post(m);
  if (allocation.used) shared_in_use.fetch_sub(1);
  allocation.used = false;
  allocation.freed = true;
}

void use_shared(const std::vector<Shared>& allocations, Queue* queue) {
  if (allocations.empty()) return;
  std::lock_guard guard(step_lock);
  for (const Shared& allocation : allocations) {
    if (allocation->freed) continue;
    allocation->users[queue->id] = queue->last_sequence.load();
    if (!allocation->used) shared_in_use.fetch_add(1);
    allocation->used = true;
  }
}

void release_shared(Context* context) {
  if (shared_in_use.load() == 0) return;
  std::lock_guard guard(step_lock);
  for (const Shared& allocation : all_shared(context)) {
    if (allocation->used) push(*allocation);
  }
}

void fetch_shared(Context* context, Queue* queue, uint64_t sequence, bool all) {
  std::lock_guard guard(step_lock);
  std::vector<Shared> asked;
  std::vector<uint64_t> ranges;
  size_t total = 0;
  for (const Shared& allocation : all_shared(context)) {
    if (!allocation->used) continue;
    if (queue != nullptr && (all || queue->in_order())) {
      auto user = allocation->users.find(queue->id);
      if (user != allocation->users.end() && user->second <= sequence) allocation->users.erase(user);
    }
    asked.push_back(allocation);
    for (size_t at = 0; at < allocation->room;) {
      size_t size = std::min(allocation->room - at, kFetched - total);
      ranges.insert(ranges.end(), {allocation->base + at, size});
      at += size;
      total += size;
      if (total < kFetched) continue;
      fetch(context, asked, ranges);
      ranges.clear();
      total = 0;
    }
    if (allocation->users.empty()) {
      allocation->used = false;
      shared_in_use.fetch_sub(1);
    }
  }
  if (!ranges.empty()) fetch(context, asked, ranges);
}

std::vector<Shared> reachable(Kernel* kernel) {
  std::vector<Shared> all;
  if (kernel->shared == nullptr) return all;
  auto add = [&](const Shared& allocation) {
    if (allocation != nullptr && allocation->tracked() && std::find(all.begin(), all.end(), allocation) == all.end()) {
      all.push_back(allocation);
    }
  };
  std::lock_guard lock(kernel->lock);
  for (const auto& [index, address] : kernel->shared->arguments) add(find_shared(address));
  for (const void* address : kernel->shared->pointers) add(find_shared(address));
  const bool* indirect = kernel->shared->indirect;
  if (indirect[kUsmHost] || indirect[kUsmShared]) {
    for (const Shared& allocation : all_shared(kernel->context)) {
      if (indirect[allocation->kind]) add(allocation);
    }
  }
  return all;
}

}  // namespace cenote::opencl
