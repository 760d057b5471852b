// SPDX-License-Identifier: Apache-2.0
#include "net/cancel_registry.h"

namespace sluice::net {

namespace {
std::string as_key(ByteView key) { return std::string{as_text(key)}; }
}  // namespace

bool CancelRegistry::offer(ByteView key, std::string owner, std::function<void()> cancel) {
  const std::lock_guard lock{mutex_};
  return entries_.try_emplace(as_key(key), Entry{std::move(owner), std::move(cancel)}).second;
}

void CancelRegistry::withdraw(ByteView key) {
  const std::lock_guard lock{mutex_};
  entries_.erase(as_key(key));
}

bool CancelRegistry::forward(ByteView key, const std::string& owner) {
  std::function<void()> cancel;
  {
    const std::lock_guard lock{mutex_};
    const auto found = entries_.find(as_key(key));
    if (found == entries_.end() || found->second.owner != owner) return false;
    cancel = found->second.cancel;
  }
  cancel();
  return true;
}

std::size_t CancelRegistry::size() const {
  const std::lock_guard lock{mutex_};
  return entries_.size();
}

}  // namespace sluice::net
