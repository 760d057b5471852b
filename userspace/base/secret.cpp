// SPDX-License-Identifier: Apache-2.0
#include <sluice/secret.h>

#include <string.h>

#include <utility>

namespace sluice {

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe();
    bytes_ = std::move(other.bytes_);
    other.wipe();
  }
  return *this;
}

void Secret::wipe() noexcept {
  // explicit_bzero, because a plain memset of memory that dies is optimised away.
  if (!bytes_.empty()) explicit_bzero(bytes_.data(), bytes_.size());
  bytes_.clear();
}

}  // namespace sluice
