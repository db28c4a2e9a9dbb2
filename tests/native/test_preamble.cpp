// Layout of preamble and answer, and that no bytes whatever upset their decoders.
#include <cstring>
#include <random>

#include "check.hpp"
#include "wire/preamble.hpp"

using namespace cenote::wire;

namespace {

void layout() {
  Preamble preamble;
  preamble.kind = StreamKind::kFurtherStream;
  preamble.tls = true;
  preamble.stream = 0x0102;
  for (size_t i = 0; i < kIdSize; ++i) preamble.id[i] = static_cast<unsigned char>(i + 1);
  unsigned char bytes[kPreambleSize];
  encode(preamble, bytes);
  static constexpr unsigned char kExpected[kPreambleSize] = {
      'C', 'E', 'N', 'O', 'T', 'E', '\r', '\n', 1, 0, 0, 0, 2, 0, 1, 0, 1, 2, 3, 4, 5, 6, 7, 8,
      9,   10,  11,  12,  13,  14,  15,   16,   2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  CHECK(std::memcmp(bytes, kExpected, sizeof bytes) == 0);
  Preamble back;
  CHECK(decode(bytes, &back));
  CHECK(back.kind == preamble.kind && back.tls && back.stream == 0x0102);
  CHECK(std::memcmp(back.id, preamble.id, kIdSize) == 0);

  Answer answer;
  answer.status = Status::kBusy;
  answer.nonce[31] = 7;
  answer.session_id[0] = 9;
  unsigned char answered[kAnswerSize];
  encode(answer, answered);
  CHECK(answered[8] == 1 && answered[12] == 3 && answered[16] == 9 && answered[63] == 7);
  Answer again;
  CHECK(decode(answered, &again));
  CHECK(again.status == Status::kBusy && again.nonce[31] == 7 && again.session_id[0] == 9);
}

void rejections() {
  unsigned char good[kPreambleSize];
  Preamble preamble;
  preamble.kind = StreamKind::kNewSession;
  encode(preamble, good);
  Preamble decoded;
  CHECK(decode(good, &decoded));
  auto refused = [&](size_t at, unsigned char value) {
    unsigned char bytes[kPreambleSize];
    std::memcpy(bytes, good, sizeof bytes);
    bytes[at] = value;
    return !decode(bytes, &decoded);
  };
  for (size_t i = 0; i < 8; ++i) CHECK(refused(i, 'x'));
  CHECK(refused(12, 3));  // no such kind
  CHECK(refused(12, 2));  // a further stream has a number
  CHECK(refused(14, 2));  // no such flag
  CHECK(refused(32, 1));  // the first stream has none
  CHECK(refused(47, 1));  // not zero
  CHECK(!refused(41, 7) && decoded.build == uint64_t{7} << 56);
  CHECK(!refused(10, 9));  // another minor is for the caller to judge
  CHECK(!refused(8, 2) && decoded.major == 2);
}

/// Random bytes behind a magic that is right half of the time, and whatever was decoded encodes to the same bytes.
void fuzz() {
  std::mt19937 random(7);  // NOLINT: the same bytes every time
  int accepted = 0;
  for (int round = 0; round < 200000; ++round) {
    unsigned char bytes[kPreambleSize];
    unsigned char answer_bytes[kAnswerSize];
    Preamble preamble;
    encode(Preamble{}, bytes);
    encode(Answer{}, answer_bytes);
    size_t from = round % 2 == 0 ? 0 : 8;
    for (unsigned flips = random() % 8; flips > 0; --flips) {
      bytes[from + random() % (kPreambleSize - from)] = static_cast<unsigned char>(random() % 4);
      answer_bytes[from + random() % (kAnswerSize - from)] = static_cast<unsigned char>(random());
    }
    if (decode(bytes, &preamble) && preamble.major == kMajor) {
      unsigned char again[kPreambleSize];
      encode(preamble, again);
      CHECK(std::memcmp(again, bytes, sizeof bytes) == 0);
      ++accepted;
    }
    Answer answer;
    if (decode(answer_bytes, &answer)) CHECK(answer.status <= Status::kOtherBuild);
  }
  CHECK(accepted > 1000);
}

}  // namespace

int main() {
  layout();
  rejections();
  fuzz();
  return cenote::test::result();
}
