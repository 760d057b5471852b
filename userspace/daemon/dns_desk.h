// SPDX-License-Identifier: Apache-2.0
// Answers the DNS queries of runs: finds who asks, what their policy lets them know, how often they
// may ask, and says each query in the audit. Nothing of a query ever leaves the host: a name that
// no rule lets the agent reach does not exist, and known names the daemon resolves by itself.
#pragma once

#include <sluice/clock.h>
#include <sluice/ports.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <utility>
#include <vector>

#include "daemon/known_names.h"
#include "daemon/policy_holder.h"
#include "daemon/run_registry.h"
#include "net/dns_answer.h"
#include "net/resolver.h"

namespace sluice::daemon {

class DnsDesk {
 public:
  struct Ports {
    RunRegistry& runs;
    const PolicyHolder& policies;
    const Clock& clock;
    std::function<std::shared_ptr<const net::AddressBook>()> newest;  // of net::Resolver
  };
  struct Limits {
    net::DnsLimits message;
    // Of one run; a query that finds no token is dropped, which a client takes for a lost one.
    double queries_per_second = 100;
    double burst = 200;
    std::size_t runs_max = 8192;  // whose tokens are counted; more are more than the kernel knows
    // Lines that wait to be written. Over it queries are dropped: no answer without its record.
    std::size_t lines_max = 20'000;
  };

  explicit DnsDesk(Ports ports) : DnsDesk(std::move(ports), Limits{}) {}
  DnsDesk(Ports ports, Limits limits) : ports_(std::move(ports)), limits_(limits) {}

  // Any thread. Empty: no answer.
  Bytes answer(const FlowRecord& who, ByteView query, bool stream);
  // Closed, it answers nothing, and no answer is under way any more.
  void close();
  void open();
  void unowned() { ++unowned_; }  // a datagram of no run: dropped before it gets here

  // Lines of audit.jsonl since the last call, each with its newline; for the thread that writes it.
  std::string take_lines();
  // "dns_answered", "dns_unknown_name", ...; by name.
  std::vector<std::pair<std::string, std::uint64_t>> counters() const;
  const Limits& limits() const { return limits_; }

 private:
  struct Bucket {
    double tokens = 0;
    SteadyTime filled{};
    std::uint64_t dropped = 0;  // since the last line about it
    SteadyTime said{};
  };
  bool may_ask(const LiveRun& run, SteadyTime now);
  void say(const LiveRun& run, const FlowRecord& who, const net::DnsReply& reply, bool stream);

  Ports ports_;
  const Limits limits_;
  KnownNames names_;
  std::array<std::atomic<std::uint64_t>, 7> by_verdict_{};  // of net::DnsVerdict
  std::atomic<std::uint64_t> limited_{0};
  std::atomic<std::uint64_t> unowned_{0};
  std::atomic<std::uint64_t> unrecorded_{0};  // dropped because lines_max lines waited
  std::shared_mutex answering_;               // held as a reader while an answer is made
  bool open_ = false;                         // guarded by it
  mutable std::mutex mutex_;                  // guards what follows
  std::map<std::uint64_t, Bucket> buckets_;   // by cgroup
  std::string lines_;
  std::size_t line_count_ = 0;
};

}  // namespace sluice::daemon
