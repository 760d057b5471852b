// SPDX-License-Identifier: Apache-2.0
#include "net/openssl_impl.h"

#include <array>

namespace sluice::net {

std::string take_openssl_errors() {
  const char* data = nullptr;
  int flags = 0;
  const unsigned long first = ERR_get_error_all(nullptr, nullptr, nullptr, &data, &flags);
  if (first == 0) return "unknown TLS error";
  std::string text;
  if (const char* reason = ERR_reason_error_string(first); reason != nullptr) {
    text = reason;
  } else {
    std::array<char, 256> buffer{};
    ERR_error_string_n(first, buffer.data(), buffer.size());
    text = buffer.data();
  }
  if ((flags & ERR_TXT_STRING) != 0 && data != nullptr && *data != '\0')
    text.append(" (").append(data).append(")");
  ERR_clear_error();
  return text;
}

Bytes endpoint_hash_of(const X509* certificate) {
  int digest_nid = NID_undef;
  if (X509_get_signature_info(const_cast<X509*>(certificate), &digest_nid, nullptr, nullptr,
                              nullptr) != 1 ||
      digest_nid == NID_undef) {
    ERR_clear_error();
    return {};
  }
  const EVP_MD* digest = digest_nid == NID_md5 || digest_nid == NID_sha1
                             ? EVP_sha256()
                             : EVP_get_digestbynid(digest_nid);
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> hash{};
  unsigned int size = 0;
  if (digest == nullptr || X509_digest(certificate, digest, hash.data(), &size) != 1) {
    ERR_clear_error();
    return {};
  }
  return {hash.begin(), hash.begin() + size};
}

}  // namespace sluice::net
