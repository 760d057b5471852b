// SPDX-License-Identifier: Apache-2.0
// SHA-256, as the chains use it.
#pragma once

#include <sluice/bytes.h>
#include <sluice/result.h>

#include <array>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>

struct evp_md_ctx_st;

namespace sluice::record {

using Hash = std::array<std::uint8_t, 32>;

std::string hex(ByteView bytes);

// One reusable digest context: no allocation per hash. Used by one thread at a time.
class Hasher {
 public:
  Hasher();
  ~Hasher();
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;

  // SHA-256 over the concatenation of `parts`. An out-of-memory OpenSSL is fatal (SLUICE_CHECK): a
  // recording without its hash must not go on.
  Hash of(std::initializer_list<ByteView> parts);

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const noexcept;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

}  // namespace sluice::record
