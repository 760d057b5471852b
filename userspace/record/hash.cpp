// SPDX-License-Identifier: Apache-2.0
#include "record/hash.h"

#include "base/check.h"

#include <openssl/evp.h>

namespace sluice::record {

void Hasher::Free::operator()(evp_md_ctx_st* context) const noexcept { EVP_MD_CTX_free(context); }

Hasher::Hasher() : context_(EVP_MD_CTX_new()) {
  SLUICE_CHECK(context_ != nullptr);
  // Fetched once per context: of() then re-initialises with a null type, which costs no look-up.
  SLUICE_CHECK(EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1);
}
Hasher::~Hasher() = default;
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;

Hash Hasher::of(std::initializer_list<ByteView> parts) {
  Hash hash{};
  SLUICE_CHECK(EVP_DigestInit_ex2(context_.get(), nullptr, nullptr) == 1);
  for (ByteView part : parts)
    SLUICE_CHECK(EVP_DigestUpdate(context_.get(), part.data(), part.size()) == 1);
  SLUICE_CHECK(EVP_DigestFinal_ex(context_.get(), hash.data(), nullptr) == 1);
  return hash;
}

std::string hex(ByteView bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (std::uint8_t byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 0xF];
  }
  return text;
}

}  // namespace sluice::record
