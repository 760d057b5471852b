// SPDX-License-Identifier: Apache-2.0
// The host's recording key: Ed25519 (RFC 8032). It signs checkpoints; its public half names the
// host.
#pragma once

#include "record/hash.h"

#include <sluice/bytes.h>
#include <sluice/result.h>

#include <array>
#include <memory>
#include <string>

struct evp_pkey_st;

namespace sluice::record {

using Signature = std::array<std::uint8_t, 64>;

struct FreeKey {
  void operator()(evp_pkey_st* key) const noexcept;
};
using KeyPtr = std::unique_ptr<evp_pkey_st, FreeKey>;

class PublicKey {
 public:
  // PEM SubjectPublicKeyInfo, as in `recording.pub`.
  static Result<PublicKey> load(const std::string& path);
  static Result<PublicKey> from_raw(ByteView raw);

  bool verify(ByteView message, const Signature& signature) const;
  const std::array<std::uint8_t, 32>& raw() const { return raw_; }
  // "host-" and the first 16 hex digits of SHA-256(raw key). Bound into every chain, so that a
  // recording cannot be moved to another host.
  std::string host_id() const;

 private:
  PublicKey(KeyPtr key, std::array<std::uint8_t, 32> raw) : key_(std::move(key)), raw_(raw) {}
  std::shared_ptr<evp_pkey_st> key_;
  std::array<std::uint8_t, 32> raw_;
};

class SigningKey {
 public:
  // Reads `directory`/recording.key, or makes it (PEM PKCS#8, mode 0600) and recording.pub beside
  // it. Refuses a key that others than its owner can read.
  static Result<SigningKey> load_or_create(const std::string& directory);

  Result<Signature> sign(ByteView message) const;
  const PublicKey& public_key() const { return public_key_; }

 private:
  SigningKey(KeyPtr key, PublicKey public_key)
      : key_(std::move(key)), public_key_(std::move(public_key)) {}
  KeyPtr key_;
  PublicKey public_key_;
};

}  // namespace sluice::record
