// SPDX-License-Identifier: Apache-2.0
// A credential or key. It cannot be printed, compared by accident or copied by accident, and is
// wiped when it goes (invariant 9). tests/unit/base/secret_does_not_print.cpp must not compile.
#pragma once

#include <sluice/bytes.h>

namespace sluice {

class Secret {
 public:
  Secret() = default;
  explicit Secret(Bytes bytes) : bytes_(std::move(bytes)) {}
  explicit Secret(std::string_view text) : bytes_(to_bytes(text)) {}
  ~Secret() { wipe(); }
  Secret(Secret&& other) noexcept : bytes_(std::move(other.bytes_)) { other.wipe(); }
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;

  Secret clone() const {
    return Secret{Bytes{bytes_}};
  }  // said out loud, because each copy must be wiped too

  // Only for the call that puts it on a wire or into a cipher. The view dies with the Secret.
  ByteView for_wire() const { return bytes_; }
  bool empty() const { return bytes_.empty(); }

 private:
  void wipe() noexcept;

  Bytes bytes_;
};

}  // namespace sluice
