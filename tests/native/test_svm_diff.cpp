// What two sides change in memory that each has a copy of, neighbouring bytes included.
#include <cstdlib>
#include <cstring>
#include <random>
#include <vector>

#include "check.hpp"
#include "wire/opencl_svm_diff.hpp"

using namespace cenote;
using namespace cenote::opencl;

namespace {

constexpr size_t kSize = 8 * kDiffPage;

/// One side: memory and twin, in one piece so that addresses can be told from offsets.
struct Side {
  std::vector<char> memory = std::vector<char>(kSize);
  std::vector<char> twin = std::vector<char>(kSize);

  std::vector<uint64_t> changes() {
    std::vector<uint64_t> found;
    find_changes(memory.data(), twin.data(), kSize, &found);
    return found;
  }
  /// Changes that name the other side's addresses.
  bool take(std::vector<uint64_t> from, const Side& other) {
    auto shift = reinterpret_cast<uint64_t>(memory.data()) - reinterpret_cast<uint64_t>(other.memory.data());
    for (size_t at = 0; at < from.size(); at += 2 + from[at + 1] * 9) from[at] += shift;
    return apply_changes({from.data(), 8 * from.size()}, [&](uint64_t address, uint64_t size) -> char* {
      uint64_t offset = address - reinterpret_cast<uint64_t>(memory.data());
      return offset <= kSize && size <= kSize - offset ? twin.data() + offset : nullptr;
    });
  }
};

void both_sides_change_neighbours() {
  Side client;
  Side server;
  std::mt19937 random(1);
  std::vector<char> expected(kSize);
  for (int round = 0; round < 50; ++round) {
    for (int i = 0; i < 2000; ++i) {
      size_t at = random() % kSize;
      char value = static_cast<char>(random());
      expected[at] = value;
      // Even offsets are the client's, odd ones the server's.
      (at % 2 == 0 ? client : server).memory[at] = value;
    }
    CHECK(server.take(client.changes(), client));
    CHECK(client.take(server.changes(), server));
    CHECK(client.memory == expected);
    CHECK(server.memory == expected);
    CHECK(client.twin == server.twin);
    CHECK(client.changes().empty());
    CHECK(server.changes().empty());
  }
}

void nonsense_is_refused() {
  Side side;
  auto apply = [&](std::vector<uint64_t> words, size_t bytes) {
    return apply_changes({words.data(), bytes}, [&](uint64_t address, uint64_t) -> char* {
      return address == 0 ? nullptr : side.twin.data();
    });
  };
  auto at = reinterpret_cast<uint64_t>(side.memory.data());
  CHECK(apply({}, 0));
  CHECK(!apply({at}, 8));
  CHECK(!apply({at, 1}, 16));
  CHECK(!apply({at, ~uint64_t{0}}, 16));
  CHECK(!apply({at, uint64_t{1} << 60, 0}, 24));
  CHECK(!apply({0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 88));
  CHECK(!apply({at, 0}, 9));
}

}  // namespace

int main() {
  both_sides_change_neighbours();
  nonsense_is_refused();
  return cenote::test::result();
}
