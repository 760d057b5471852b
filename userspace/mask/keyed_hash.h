// SPDX-License-Identifier: Apache-2.0
// HMAC-SHA-256 under a key that stays (RFC 2104), fast for many short messages: the key is absorbed
// once. Use one per thread.
#pragma once

#include "mask/keyed_permutation.h"

#include <sluice/bytes.h>
#include <sluice/result.h>
#include <sluice/secret.h>

#include <array>
#include <cstdint>
#include <memory>

namespace sluice::mask {

using Digest = std::array<std::uint8_t, 32>;

class KeyedHash {
 public:
  // `key` is not kept, what is derived of it is. An empty key is refused: its digests would be
  // anybody's.
  static Result<KeyedHash> make(const Secret& key);
  ~KeyedHash();
  KeyedHash(KeyedHash&&) noexcept;
  KeyedHash& operator=(KeyedHash&&) noexcept;

  // One of the same key, for another thread.
  Result<KeyedHash> clone() const;
  // False where the library failed; then `out` must not be used.
  bool digest(ByteView message, Digest& out);
  // Under a key derived of the same.
  KeyedPermutation& permutation();

 private:
  struct State;
  explicit KeyedHash(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace sluice::mask
