// SPDX-License-Identifier: Apache-2.0
#include "mask/keyed_hash.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <algorithm>
#include <new>
#include <string>
#include <string_view>
#include <utility>

namespace sluice::mask {
namespace {

constexpr std::size_t kBlockBytes = 64;  // of SHA-256
constexpr std::string_view kPermutationLabel = "sluice: permutation of small numbers";

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MD_CTX, FreeContext>;

struct FreeKdf {
  void operator()(EVP_KDF* method) const noexcept { EVP_KDF_free(method); }
  void operator()(EVP_KDF_CTX* context) const noexcept { EVP_KDF_CTX_free(context); }
};

bool absorb_pad(EVP_MD_CTX* context, const std::array<std::uint8_t, kBlockBytes>& key,
                std::uint8_t pad) {
  std::array<std::uint8_t, kBlockBytes> block{};
  for (std::size_t i = 0; i < kBlockBytes; ++i) block[i] = static_cast<std::uint8_t>(key[i] ^ pad);
  const bool ok = EVP_DigestInit_ex(context, EVP_sha256(), nullptr) == 1 &&
                  EVP_DigestUpdate(context, block.data(), block.size()) == 1;
  OPENSSL_cleanse(block.data(), block.size());
  return ok;
}

// HKDF (RFC 5869), so that no digest of a cell can be this key.
bool derive(ByteView key, std::string_view label, KeyedPermutation::Key& out) {
  std::string digest = "SHA256";
  Bytes secret{key.begin(), key.end()};
  std::string info{label};
  const OSSL_PARAM settings[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), digest.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, secret.data(), secret.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info.data(), info.size()),
      OSSL_PARAM_construct_end()};
  const std::unique_ptr<EVP_KDF, FreeKdf> method{EVP_KDF_fetch(nullptr, "HKDF", nullptr)};
  const std::unique_ptr<EVP_KDF_CTX, FreeKdf> context{method ? EVP_KDF_CTX_new(method.get())
                                                             : nullptr};
  const bool ok = context && EVP_KDF_derive(context.get(), out.data(), out.size(), settings) == 1;
  OPENSSL_cleanse(secret.data(), secret.size());
  return ok;
}

}  // namespace

// `inner` and `outer` have absorbed the padded key; `work` is what a digest is computed in.
struct KeyedHash::State {
  Context inner{EVP_MD_CTX_new()};
  Context outer{EVP_MD_CTX_new()};
  Context work{EVP_MD_CTX_new()};
  KeyedPermutation permutation;
  bool complete() const { return inner && outer && work; }
};

KeyedHash::KeyedHash(std::unique_ptr<State> state) : state_(std::move(state)) {}
KeyedHash::~KeyedHash() = default;
KeyedHash::KeyedHash(KeyedHash&&) noexcept = default;
KeyedHash& KeyedHash::operator=(KeyedHash&&) noexcept = default;

Result<KeyedHash> KeyedHash::make(const Secret& key) {
  if (key.empty()) return Error{"the key for hashed masks is empty"};
  std::array<std::uint8_t, kBlockBytes> block{};
  const ByteView bytes = key.for_wire();
  bool ok = true;
  if (bytes.size() <= kBlockBytes)
    std::copy(bytes.begin(), bytes.end(), block.begin());
  else
    ok = EVP_Digest(bytes.data(), bytes.size(), block.data(), nullptr, EVP_sha256(), nullptr) == 1;
  auto state = std::make_unique<State>();
  ok = ok && state->complete() && absorb_pad(state->inner.get(), block, 0x36) &&
       absorb_pad(state->outer.get(), block, 0x5c);
  OPENSSL_cleanse(block.data(), block.size());
  KeyedPermutation::Key derived{};
  ok = ok && derive(bytes, kPermutationLabel, derived) && state->permutation.set_key(derived);
  OPENSSL_cleanse(derived.data(), derived.size());
  if (!ok)
    return Error{"the key for hashed masks cannot be set up: SHA-256 or AES-256 is not available"};
  return KeyedHash{std::move(state)};
}

Result<KeyedHash> KeyedHash::clone() const {
  auto state = std::make_unique<State>();
  if (!state->complete() || EVP_MD_CTX_copy_ex(state->inner.get(), state_->inner.get()) != 1 ||
      EVP_MD_CTX_copy_ex(state->outer.get(), state_->outer.get()) != 1 ||
      !state->permutation.copy_key(state_->permutation))
    return Error{"the key for hashed masks cannot be copied"};
  return KeyedHash{std::move(state)};
}

bool KeyedHash::digest(ByteView message, Digest& out) {
  EVP_MD_CTX* work = state_->work.get();
  Digest inner{};
  return EVP_MD_CTX_copy_ex(work, state_->inner.get()) == 1 &&
         EVP_DigestUpdate(work, message.data(), message.size()) == 1 &&
         EVP_DigestFinal_ex(work, inner.data(), nullptr) == 1 &&
         EVP_MD_CTX_copy_ex(work, state_->outer.get()) == 1 &&
         EVP_DigestUpdate(work, inner.data(), inner.size()) == 1 &&
         EVP_DigestFinal_ex(work, out.data(), nullptr) == 1;
}

KeyedPermutation& KeyedHash::permutation() { return state_->permutation; }

}  // namespace sluice::mask
