// SPDX-License-Identifier: Apache-2.0
#include "daemon/random.h"

#include <sys/random.h>

#include <cerrno>

#include "base/check.h"

namespace sluice::daemon {

Bytes random_bytes(std::size_t count) {
  Bytes bytes(count);
  std::size_t filled = 0;
  while (filled < count) {
    const ssize_t got = ::getrandom(bytes.data() + filled, count - filled, 0);
    // Without randomness there are no secrets; going on would hand out guessable ones.
    SLUICE_CHECK(got > 0 || errno == EINTR);
    if (got > 0) filled += static_cast<std::size_t>(got);
  }
  return bytes;
}

std::string random_hex(std::size_t bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : random_bytes(bytes)) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

std::string random_ticket() {
  constexpr char kAlphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
  std::string text;
  for (const std::uint8_t byte : random_bytes(8)) text += kAlphabet[byte & 31];
  return text;
}

}  // namespace sluice::daemon
