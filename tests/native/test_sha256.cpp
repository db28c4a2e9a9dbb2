// The vectors of RFC 6234 (and FIPS 180-4), RFC 4231 and RFC 5869.
#include <cstring>
#include <string>
#include <vector>

#include "check.hpp"
#include "wire/sha256.hpp"

using namespace cenote::wire;

namespace {

std::string hex(const void* data, size_t size) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (size_t i = 0; i < size; ++i) {
    unsigned char byte = static_cast<const unsigned char*>(data)[i];
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

std::string hash(const std::string& text, size_t step) {
  Sha256 sha;
  for (size_t at = 0; at < text.size(); at += step) sha.update(text.data() + at, std::min(step, text.size() - at));
  Digest digest = sha.finish();
  return hex(digest.data(), digest.size());
}

std::string hmac(const std::string& key, const std::string& text) {
  Digest digest = Hmac(key.data(), key.size()).update(text.data(), text.size()).finish();
  return hex(digest.data(), digest.size());
}

std::string derive(const std::string& secret, const std::string& salt, const std::string& info, size_t size) {
  std::vector<unsigned char> out(size);
  hkdf(secret.data(), secret.size(), salt.data(), salt.size(), info.data(), info.size(), out.data(), size);
  return hex(out.data(), size);
}

std::string range(int from, int to) {
  std::string text;
  for (int i = from; i <= to; ++i) text += static_cast<char>(i);
  return text;
}

void hashes() {
  CHECK(hash("", 1) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(hash("abc", 1) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(hash("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56) ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  std::string million(1000000, 'a');
  for (size_t step : {1, 55, 56, 63, 64, 65, 1000, 1000000}) {
    CHECK(hash(million, step) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  }
  std::string tens;
  for (int i = 0; i < 80; ++i) tens += "01234567";
  CHECK(hash(tens, 7) == "594847328451bdfa85056225462cc1d867d877fb388df0ce35f25ab5562bfbb5");
}

void hmacs() {
  CHECK(hmac(std::string(20, 0x0b), "Hi There") == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  CHECK(hmac("Jefe", "what do ya want for nothing?") ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(hmac(std::string(20, static_cast<char>(0xaa)), std::string(50, static_cast<char>(0xdd))) ==
        "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
  CHECK(hmac(std::string(131, static_cast<char>(0xaa)), "Test Using Larger Than Block-Size Key - Hash Key First") ==
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

void derivations() {
  CHECK(derive(std::string(22, 0x0b), range(0, 0x0c), range(0xf0, 0xf9), 42) ==
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
  CHECK(derive(range(0, 0x4f), range(0x60, 0xaf), range(0xb0, 0xff), 82) ==
        "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09"
        "da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87");
  CHECK(derive(std::string(22, 0x0b), "", "", 42) ==
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}

void comparison() {
  char a[32] = {};
  char b[32] = {};
  CHECK(equal_secrets(a, b, sizeof a));
  for (size_t i = 0; i < sizeof b; ++i) {
    b[i] = 1;
    CHECK(!equal_secrets(a, b, sizeof a));
    b[i] = 0;
  }
}

}  // namespace

int main() {
  hashes();
  hmacs();
  derivations();
  comparison();
  return cenote::test::result();
}
