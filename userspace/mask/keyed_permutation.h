// SPDX-License-Identifier: Apache-2.0
// A permutation of small numbers under a key: each number has one token and no two share one, so
// that what is joined by tokens is joined as by the numbers. A Feistel network of ten rounds over
// the bits of the number, built like FF1 (NIST SP 800-38G), with AES-256 as its round function.
// Whoever may choose numbers and see their tokens learns those and nothing of others.
#pragma once

#include <sluice/bytes.h>

#include <array>
#include <cstdint>
#include <memory>

namespace sluice::mask {

// Which permutation: one of each kind of value, so that tokens of one say nothing of another.
enum class Domain : std::uint8_t {
  kInteger = 1,
  kOid,
  kNumeric = 4,  // 3 was that of floating point numbers
  kDate,
  kTime,
  kTimestamp,
  kTimestamptz,
  kIpv4,
  kIpv6,
  kMacaddr
};

class KeyedPermutation {
 public:
  using Key = std::array<std::uint8_t, 32>;

  KeyedPermutation();
  ~KeyedPermutation();
  KeyedPermutation(KeyedPermutation&&) noexcept;
  KeyedPermutation& operator=(KeyedPermutation&&) noexcept;

  // Before anything else. False where the library failed.
  bool set_key(const Key& key);
  bool copy_key(const KeyedPermutation& other);

  // Of the numbers of `bits` bits, 2 to 64. False where the library failed; then `value` must not
  // be used.
  bool of_bits(std::uint64_t& value, unsigned bits, Domain domain);
  // Of the numbers below `count`, at least 3; `value` is one of them.
  bool below(std::uint64_t& value, std::uint64_t count, Domain domain);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sluice::mask
