// SPDX-License-Identifier: Apache-2.0
#include "net/cancel_registry.h"

namespace sluice::net {

namespace {
std::string as_key(ByteView key) { return std::string{as_text(key)}; }
}  // namespace

bool CancelRegistry::offer(ByteView key, std::string owner, Cancel cancel) {
  const std::lock_guard lock{mutex_};
  return entries_.try_emplace(as_key(key), Entry{std::move(owner), std::move(cancel)}).second;
}

void CancelRegistry::withdraw(ByteView key) {
  const std::lock_guard lock{mutex_};
  entries_.erase(as_key(key));
}

bool CancelRegistry::forward(ByteView key, const std::string& owner, CancelReceipt receipt) {
  Cancel cancel;
  Elsewhere elsewhere;
  {
    const std::lock_guard lock{mutex_};
    const auto found = entries_.find(as_key(key));
    if (found != entries_.end() && found->second.owner != owner) return false;
    if (found != entries_.end())
      cancel = found->second.cancel;
    else
      elsewhere = elsewhere_;
  }
  if (elsewhere) elsewhere(key, owner);
  if (!cancel) return false;
  cancel(std::move(receipt));
  return true;
}

void CancelRegistry::forward_unknown_to(Elsewhere elsewhere) {
  const std::lock_guard lock{mutex_};
  elsewhere_ = std::move(elsewhere);
}

std::size_t CancelRegistry::size() const {
  const std::lock_guard lock{mutex_};
  return entries_.size();
}

}  // namespace sluice::net
