// SPDX-License-Identifier: Apache-2.0
// Keeps the addresses of the policy's host names current. Its own thread does the asking, so that a
// slow name server slows nothing else.
#pragma once

#include <sluice/clock.h>
#include <sluice/resource.h>
#include <sluice/result.h>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::net {

// Sorted, without duplicates. A name that has no address at present has an empty list: it matches
// nothing.
using AddressBook = std::map<std::string, std::vector<IpAddress>>;

// The system's resolver; blocks.
Result<std::vector<IpAddress>> resolve_by_system(const std::string& host);

class Resolver {
 public:
  using Lookup = std::function<Result<std::vector<IpAddress>>(const std::string& host)>;
  using OnChange = std::function<void(std::shared_ptr<const AddressBook>)>;
  struct Options {
    std::chrono::milliseconds refresh_every{30'000};
    // How long addresses outlive the last good answer for their name; then the name matches
    // nothing.
    std::chrono::milliseconds stale_max{600'000};
    // How long an address stays one of its name after an answer that no longer has it: whoever was
    // told of it may still use it. More than the TTL that agents are told.
    std::chrono::milliseconds keep_former{90'000};
    Lookup lookup = resolve_by_system;
    std::function<void(std::string_view)> warn;  // when a name begins to fail, goes stale, recovers
  };
  // `on_change` is called on the resolver's thread, with each snapshot that differs from the one
  // before, and always with the first one after set_names().
  Resolver(Options options, const Clock& clock, OnChange on_change);
  ~Resolver();

  // Replaces the names and starts a round at once.
  void set_names(std::vector<std::string> names);
  // Waits until the round that followed the latest set_names() is done, or until the timeout; false
  // then. For start-up: the first policy must not be in force before its names have addresses.
  bool wait_resolved(std::chrono::milliseconds timeout);
  void refresh();  // starts a round now
  // What names match: the newest addresses and, for a while, former ones.
  std::shared_ptr<const AddressBook> snapshot() const;
  // What names resolve to now, for whoever asks. Never ahead of what `on_change` was told, so that
  // who is given an address may use it at once.
  std::shared_ptr<const AddressBook> newest() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::net
