// SPDX-License-Identifier: Apache-2.0
// The worker's half of the kernel plane: reads and writes the maps through descriptors that it was
// given. Needs no capability. Every method may be called from any thread.
#pragma once

#include <sluice/ports.h>
#include <sluice/unix_socket.h>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "kernel/descriptors.h"
#include "kernel/flow_totals.h"
#include "kernel/reconcile.h"

namespace sluice::kernel {

// One of the daemon's own sockets for DNS queries. Each resolver has several, because the port is
// all by which an answer shows the agent's socket which of several resolvers it comes from.
struct QueryPort {
  std::uint64_t netns_cookie = 0;
  Endpoint address;
};
inline constexpr std::size_t kResolverPorts = 8;
// Of a listener in each address family: one source address has some 28,000 ports towards one.
inline constexpr std::size_t kListenerPorts = 16;
// Of a bound UDP socket.
Result<QueryPort> query_port_of(int fd);

class KernelMaps final : public KernelPlane, public UnixPlane {
 public:
  // Checks that each descriptor is the map it should be. `cgroup_mount` is where cgroup2 is mounted
  // (base/cgroup_mount.h); its directories must be readable, to find how deep a cgroup lies.
  static Result<std::unique_ptr<KernelMaps>> adopt(MapDescriptors maps, std::string cgroup_mount);

  // Error code ENOENT: the connection did not come through the programs (or its record was taken
  // before); reset it. Drops, now and then, the records of connections that nobody accepted.
  Result<FlowRecord> take_flow_record(int accepted_fd) override;

  // A run that is there already gets the new subject; if it is revoked, it stays revoked until it
  // is removed.
  Result<void> add_run(std::uint64_t cgroup_id, std::uint32_t subject) override;
  // The same, where the caller knows the depth: "/" is 0, "/a/b" is 2. Looks nothing up.
  Result<void> add_run_at(std::uint64_t cgroup_id, std::uint32_t subject, std::uint32_t level);
  Result<void> revoke_run(std::uint64_t cgroup_id) override;
  // The largest subject of any run or verdict in the maps, also of an earlier daemon; 0: none.
  Result<std::uint32_t> largest_subject() const;
  // Takes every entry out whose subject is not larger.
  Result<void> drop_verdicts_up_to(std::uint32_t subject);
  // Error code ENOENT where there is no such run.
  Result<void> remove_run(std::uint64_t cgroup_id) override;

  Result<void> set_verdict(const VerdictEntry& entry) override;
  Result<void> set_unix_verdict(const UnixVerdictEntry& entry, InForce from) override;
  Result<void> drop_prepared_unix_verdicts() override;
  // ENOENT as above: somebody who is in no run.
  Result<UnixFlowRecord> take_unix_record(int accepted_fd) override;
  // Entries of Unix sockets that were written for it come into force.
  Result<void> next_epoch() override;
  // The rules whose hits are counted from now on; one that is counted already goes on, all others
  // are forgotten.
  Result<void> count_rules(const std::set<std::uint32_t>& rules) override;
  // How often each of them decided, in all of the kernel: sum over the CPUs.
  Result<std::map<std::uint32_t, std::uint64_t>> rule_hits() const;

  // Where connections from the daemon's own network namespace are steered to: of each family one
  // address, with 1, 2, 4, 8 or 16 ports. Connects of a family without any are refused. An address
  // must be one that the agents can reach, never 0.0.0.0 or ::.
  Result<void> set_listeners(const std::vector<Endpoint>& listeners);
  // The same for another one. There connects are refused until then.
  Result<void> set_listeners_in(std::uint64_t netns_cookie, const std::vector<Endpoint>& listeners);
  Result<void> forget_listeners();  // of every namespace; see set_unix_listener() for theirs
  // What is steered, or asked of a resolver, in that namespace is refused from here on.
  Result<void> forget_namespace(std::uint64_t netns_cookie);
  // Their cookies, the daemon's own among them.
  Result<std::set<std::uint64_t>> namespaces_with_listeners() const;
  // Forgets all but the daemon's own and these.
  Result<void> forget_namespaces_except(const std::set<std::uint64_t>& netns_cookies);

  // Until when the kernel may believe that the daemon answers, on CLOCK_MONOTONIC; 0: not at all.
  // Then nothing is steered and nothing passes direct.
  Result<void> set_alive_until(std::uint64_t monotonic_ns);

  // The listener for connections to Unix sockets, in its own network namespace; an abstract name.
  // -1: such connections are refused everywhere.
  Result<void> set_unix_listener(int listener_fd);
  // Where DNS queries of that network namespace and address family go; kResolverPorts of them.
  Result<void> set_resolver(const std::vector<QueryPort>& ports);
  Result<void> forget_resolvers();  // of all; what asks is refused from then on
  // Who sent the query that came to `at` from `source`. Error code ENOENT: nobody that the programs
  // know; drop it.
  Result<FlowRecord> find_query(const QueryPort& at, const Endpoint& source) const;

  // Sum over all CPUs, by the name of the reason; every reason is there, also with 0.
  Result<std::map<std::string, std::uint64_t>> counters() const;
  Result<std::map<std::string, Counted>> counted() const;
  Result<SequenceTotals> sequences() const;
  // Flow records that nobody has taken yet.
  Result<std::size_t> waiting_flow_records() const;
  // All of the kernel's half; `audited` is the event reader's.
  Result<Books> books(std::map<std::string, std::uint64_t> audited) const;
  FlowTotals& totals() const { return *totals_; }

  // From now on a connect whose event would be lost is refused with ENOBUFS; or not.
  Result<void> require_audit(bool required);

  // Records of connections that ended unaccepted longer than `age_ns` ago. Returns how many it
  // dropped. take_flow_record() does it by itself every ten seconds.
  Result<std::size_t> sweep_flow_records(std::uint64_t age_ns);

 private:
  KernelMaps(MapDescriptors maps, std::string cgroup_mount);

  int fd(MapName name) const { return maps_[name].get(); }
  Result<std::uint64_t> setting(std::uint32_t which) const;
  Result<void> set_setting(std::uint32_t which, std::uint64_t value);
  Result<void> find_surviving_runs();
  Result<void> drop_dead_unix_verdicts(std::uint64_t epoch);
  Result<void> drop_unix_verdicts_up_to(std::uint32_t subject);
  Result<void> write_levels();
  Result<void> drop_dead_verdicts(std::uint64_t epoch, std::uint64_t now_ns);
  void sweep_now_and_then();

  MapDescriptors maps_;
  std::string cgroup_mount_;
  std::unique_ptr<FlowTotals> totals_;
  std::mutex mutex_;  // guards the sequences of map operations below, and the two members
  std::map<std::uint64_t, std::uint32_t> level_of_run_;
  std::uint64_t swept_at_ns_ = 0;  // CLOCK_MONOTONIC
};

}  // namespace sluice::kernel
