// SPDX-License-Identifier: Apache-2.0
#include "net/resolver.h"

#include "net/address.h"

#include <netdb.h>

#include <algorithm>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <set>
#include <thread>

namespace sluice::net {

Result<std::vector<IpAddress>> resolve_by_system(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int failed = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (failed != 0) {
    const int err = errno;
    if (failed == EAI_SYSTEM) return Error::sys(err, "resolve '" + host + "'");
    return Error{"resolve '" + host + "': " + ::gai_strerror(failed)};
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> list{found, ::freeaddrinfo};
  std::vector<IpAddress> addresses;
  for (const addrinfo* each = list.get(); each != nullptr; each = each->ai_next)
    if (auto endpoint = endpoint_of(each->ai_addr)) addresses.push_back(endpoint->ip);
  if (addresses.empty()) return Error{"resolve '" + host + "': it has no address"};
  return addresses;
}

struct Resolver::Impl {
  Options options;
  const Clock& clock;
  OnChange on_change;

  mutable std::mutex mutex;
  std::condition_variable changed;
  std::set<std::string> names;
  std::uint64_t wanted_round = 0;    // of the latest set_names()
  std::uint64_t finished_round = 0;  // the wanted_round that the last finished round began with
  bool refresh_now = false;
  bool stopping = false;
  std::shared_ptr<const AddressBook> book = std::make_shared<AddressBook>();
  std::shared_ptr<const AddressBook> newest = std::make_shared<AddressBook>();
  std::thread thread;

  // The resolver's thread alone.
  struct Known {
    std::vector<IpAddress> addresses;      // of the last good answer
    std::map<IpAddress, SteadyTime> seen;  // these and former ones: when an answer last had them
    SteadyTime good_at{};
    bool failing = false;
  };
  std::map<std::string, Known> known;
  std::uint64_t announced_round = 0;

  Impl(Options given, const Clock& time, OnChange call)
      : options(std::move(given)), clock(time), on_change(std::move(call)) {}

  void run();
  void round(const std::set<std::string>& wanted, std::uint64_t number);
  void look_up(const std::string& name);
  std::vector<IpAddress> matching(Known& entry) const;
  void say(const std::string& text) {
    if (options.warn) options.warn(text);
  }
};

void Resolver::Impl::look_up(const std::string& name) {
  Known& entry = known[name];
  auto found = options.lookup(name);
  if (found) {
    std::vector<IpAddress> addresses = *std::move(found);
    std::sort(addresses.begin(), addresses.end());
    addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
    if (entry.failing) say("'" + name + "' resolves again");
    entry.addresses = std::move(addresses);
    entry.good_at = clock.steady();
    entry.failing = false;
    for (const IpAddress& ip : entry.addresses) entry.seen[ip] = entry.good_at;
    return;
  }
  if (!entry.failing)
    say(found.error().text() + (entry.addresses.empty()
                                    ? "; until it resolves nothing matches that name"
                                    : "; its last known addresses stay in use for now"));
  entry.failing = true;
  if (!entry.addresses.empty() && clock.steady() - entry.good_at > options.stale_max) {
    say("'" + name + "' has not resolved for too long; from now on nothing matches that name");
    entry.addresses.clear();
    entry.seen.clear();
  }
}

std::vector<IpAddress> Resolver::Impl::matching(Known& entry) const {
  // Counted from the last good answer: while there is none, the last known addresses stay.
  std::erase_if(entry.seen, [&](const auto& seen) {
    return entry.good_at - seen.second > options.keep_former;
  });
  std::vector<IpAddress> addresses;
  for (const auto& [ip, when] : entry.seen) addresses.push_back(ip);
  return addresses;
}

void Resolver::Impl::round(const std::set<std::string>& wanted, std::uint64_t number) {
  std::erase_if(known, [&](const auto& entry) { return !wanted.contains(entry.first); });
  for (const auto& name : wanted) {
    {
      const std::lock_guard lock{mutex};
      if (stopping) return;
    }
    look_up(name);
  }
  auto next = std::make_shared<AddressBook>();
  auto current = std::make_shared<AddressBook>();
  for (auto& [name, entry] : known) {
    next->emplace(name, matching(entry));
    current->emplace(name, entry.addresses);
  }
  bool differs = false;
  {
    const std::lock_guard lock{mutex};
    differs = *next != *book || announced_round != number;
    if (differs) book = next;
  }
  announced_round = number;
  // Before the round counts as done: who waits for it may rely on the callback's effects.
  if (differs && on_change) on_change(next);
  const std::lock_guard lock{mutex};
  newest = std::move(current);
  finished_round = number;
  changed.notify_all();
}

void Resolver::Impl::run() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  std::unique_lock lock{mutex};
  while (!stopping) {
    const auto due = [this] { return stopping || refresh_now || finished_round != wanted_round; };
    if (!due()) changed.wait_for(lock, options.refresh_every, due);
    if (stopping) return;
    refresh_now = false;
    const std::set<std::string> wanted = names;
    const std::uint64_t number = wanted_round;
    lock.unlock();
    round(wanted, number);
    lock.lock();
  }
}

Resolver::Resolver(Options options, const Clock& clock, OnChange on_change)
    : impl_(std::make_unique<Impl>(std::move(options), clock, std::move(on_change))) {
  impl_->thread = std::thread([impl = impl_.get()] { impl->run(); });
}

Resolver::~Resolver() {
  {
    const std::lock_guard lock{impl_->mutex};
    impl_->stopping = true;
  }
  impl_->changed.notify_all();
  impl_->thread.join();
}

void Resolver::set_names(std::vector<std::string> names) {
  const std::lock_guard lock{impl_->mutex};
  impl_->names = {std::make_move_iterator(names.begin()), std::make_move_iterator(names.end())};
  ++impl_->wanted_round;
  impl_->changed.notify_all();
}

bool Resolver::wait_resolved(std::chrono::milliseconds timeout) {
  std::unique_lock lock{impl_->mutex};
  return impl_->changed.wait_for(lock, timeout,
                                 [this] { return impl_->finished_round == impl_->wanted_round; });
}

void Resolver::refresh() {
  const std::lock_guard lock{impl_->mutex};
  impl_->refresh_now = true;
  impl_->changed.notify_all();
}

std::shared_ptr<const AddressBook> Resolver::snapshot() const {
  const std::lock_guard lock{impl_->mutex};
  return impl_->book;
}

std::shared_ptr<const AddressBook> Resolver::newest() const {
  const std::lock_guard lock{impl_->mutex};
  return impl_->newest;
}

}  // namespace sluice::net
