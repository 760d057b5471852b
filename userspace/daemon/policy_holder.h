// SPDX-License-Identifier: Apache-2.0
// The policy in force and the addresses of its host names: two immutable snapshots behind one lock,
// replaced whole.
#pragma once

#include <sluice/clock.h>
#include <sluice/result.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "policy/policy.h"

namespace sluice::daemon {

struct PolicyState {
  std::shared_ptr<const policy::Policy> policy;
  std::shared_ptr<const policy::AddressBook> book;
  WallTime loaded_at{};
  std::string last_error;  // why the last reload was refused; "" if it was not
};

class PolicyHolder {
 public:
  PolicyHolder(std::string directory, const Clock& clock);

  // Says of a policy without errors whether this host can keep it. Empty: it can.
  using Check = std::function<Result<void>(const policy::Policy&)>;

  // Makes the kernel's verdict entries of what is in force void, in one step.
  using Flip = std::function<Result<void>()>;

  // Compiles what is in the directory now; nothing is in force by that. On an error, or where
  // `acceptable` gives one, the policy in force stays; the error has every diagnostic.
  Result<std::shared_ptr<const policy::Policy>> read(const Check& acceptable);

  // What is in force changes for the kernel and the daemon at once: while `flip` runs nobody is
  // told the policy. So whoever has met the new one, in the kernel or in the daemon, never meets
  // the old one again in a connection that begins later. Where `flip` fails nothing changes.
  Result<void> replace(std::shared_ptr<const policy::Policy> policy, const Flip& flip);
  Result<void> replace_book(std::shared_ptr<const policy::AddressBook> book, const Flip& flip);

  PolicyState state() const;
  std::shared_ptr<const policy::Policy> policy() const;
  // Another one than before: policy() may have changed, or is changing now and is waited for.
  std::uint64_t changes() const { return changes_.load(std::memory_order_acquire); }
  const std::string& directory() const { return directory_; }

 private:
  const std::string directory_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  PolicyState state_;
  std::atomic<std::uint64_t> changes_{0};
};

// For one thread that asks again and again: takes the holder's lock only after a change. What it
// says is what the holder would have said.
class PolicyReader {
 public:
  explicit PolicyReader(const PolicyHolder& holder) : holder_(&holder) {}

  const policy::Policy& current() {  // good until the next call
    const std::uint64_t changes = holder_->changes();
    if (policy_ == nullptr || changes != seen_) {
      policy_ = holder_->policy();
      seen_ = changes;
    }
    return *policy_;
  }

 private:
  const PolicyHolder* holder_;
  std::shared_ptr<const policy::Policy> policy_;
  std::uint64_t seen_ = 0;
};

}  // namespace sluice::daemon
