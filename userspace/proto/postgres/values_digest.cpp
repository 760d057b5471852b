// SPDX-License-Identifier: Apache-2.0
#include "proto/postgres/values_digest.h"

#include <openssl/evp.h>

#include <array>
#include <cstddef>
#include <memory>

namespace sluice::pg {
namespace {

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MD_CTX, FreeContext>;

constexpr std::size_t kSha256Bytes = 32;

bool absorb(EVP_MD_CTX* context, ByteView bytes) {
  return EVP_DigestUpdate(context, bytes.data(), bytes.size()) == 1;
}

// Of a fixed size, so that no choice of values can move a border between them.
bool absorb_number(EVP_MD_CTX* context, std::uint64_t number) {
  std::array<std::uint8_t, 8> bytes;
  for (std::size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = static_cast<std::uint8_t>(number >> (8 * i));
  return absorb(context, bytes);
}

std::optional<std::string> finish(EVP_MD_CTX* context) {
  std::array<std::uint8_t, kSha256Bytes> digest;
  unsigned int size = 0;
  if (EVP_DigestFinal_ex(context, digest.data(), &size) != 1 || size != digest.size())
    return std::nullopt;
  std::string hex;
  for (const std::uint8_t byte : digest) {
    hex += "0123456789abcdef"[byte >> 4];
    hex += "0123456789abcdef"[byte & 15];
  }
  return hex;
}

}  // namespace

std::optional<std::string> digest_of_values(const ValueList& values, const FormatCodes& formats,
                                            const std::vector<std::uint32_t>& types) {
  if (values.begin() == values.end()) return std::string{};
  const Context context{EVP_MD_CTX_new()};
  if (!context || EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) != 1) return std::nullopt;
  std::size_t position = 0;
  for (const auto value : values) {
    const std::size_t i = position++;
    // A NULL, or one more than the length.
    if (!absorb_number(context.get(), i < types.size() ? types[i] : 0) ||
        !absorb_number(context.get(), static_cast<std::uint64_t>(formats.of(i))) ||
        !absorb_number(context.get(), value ? value->size() + 1 : 0) ||
        (value && !absorb(context.get(), *value)))
      return std::nullopt;
  }
  return finish(context.get());
}

std::optional<std::string> digest_of_text(std::string_view text) {
  const Context context{EVP_MD_CTX_new()};
  if (!context || EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) != 1 ||
      EVP_DigestUpdate(context.get(), text.data(), text.size()) != 1)
    return std::nullopt;
  return finish(context.get());
}

}  // namespace sluice::pg
