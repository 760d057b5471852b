// SPDX-License-Identifier: Apache-2.0
#include "proto/postgres/md5.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include <memory>
#include <optional>
#include <string>

namespace sluice::pg {
namespace {

struct FreeMd {
  void operator()(EVP_MD* md) const { EVP_MD_free(md); }
};
struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Md = std::unique_ptr<EVP_MD, FreeMd>;
using Context = std::unique_ptr<EVP_MD_CTX, FreeContext>;

constexpr std::size_t kMd5Bytes = 16;

// 32 hex digits of md5(first + second). The first stage's digits are as good as the password.
std::optional<Secret> hex_md5(const EVP_MD* md, ByteView first, ByteView second) {
  const Context context{EVP_MD_CTX_new()};
  std::uint8_t digest[kMd5Bytes];
  unsigned int size = 0;
  if (!context || EVP_DigestInit_ex2(context.get(), md, nullptr) != 1 ||
      EVP_DigestUpdate(context.get(), first.data(), first.size()) != 1 ||
      EVP_DigestUpdate(context.get(), second.data(), second.size()) != 1 ||
      EVP_DigestFinal_ex(context.get(), digest, &size) != 1 || size != kMd5Bytes)
    return std::nullopt;
  Bytes hex;
  hex.reserve(2 * kMd5Bytes);
  for (const std::uint8_t byte : digest) {
    hex.push_back(static_cast<std::uint8_t>("0123456789abcdef"[byte >> 4]));
    hex.push_back(static_cast<std::uint8_t>("0123456789abcdef"[byte & 15]));
  }
  OPENSSL_cleanse(digest, sizeof digest);
  return Secret{std::move(hex)};
}

}  // namespace

Result<Secret> md5_password_response(std::string_view user, const Secret& password,
                                     const std::array<std::uint8_t, 4>& salt) {
  const Error unavailable{
      "MD5 is not available in this OpenSSL (FIPS?); let the server ask for scram-sha-256"};
  const Md md{EVP_MD_fetch(nullptr, "MD5", nullptr)};
  if (!md) {
    ERR_clear_error();  // the failed fetch must not be read as the next TLS call's error
    return unavailable;
  }
  const auto inner = hex_md5(md.get(), password.for_wire(), as_bytes(user));
  if (!inner) return unavailable;
  const auto outer = hex_md5(md.get(), inner->for_wire(), salt);
  if (!outer) return unavailable;
  Bytes response;
  response.reserve(3 + 2 * kMd5Bytes);
  append(response, std::string_view("md5"));
  append(response, outer->for_wire());
  return Secret{std::move(response)};
}

}  // namespace sluice::pg
