// SPDX-License-Identifier: Apache-2.0
// A compiled policy: immutable, shared between threads by pointer, and the only place that gives
// verdicts. deny > hold > allow, no match is deny, and the lineage's most restrictive member
// decides (DESIGN.md section 2, invariants 2 and 3). The order of rules and of files never matters.
#pragma once

#include "policy/address_book.h"

#include <sluice/identity.h>
#include <sluice/intent.h>
#include <sluice/ports.h>
#include <sluice/resource.h>
#include <sluice/result.h>
#include <sluice/unix_socket.h>
#include <sluice/verdict.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::policy {

struct Compiled;  // rules and indexes; policy/compiled.h, not for users of the policy

// Who a set of people is: a user is in it by name or by one of their groups.
struct People {
  std::vector<std::string> users;
  std::vector<std::string> groups;
  bool includes(std::string_view user, const std::vector<std::string>& user_groups) const;
};

// What an agent may do with Unix sockets that nothing names. The order is from strict to lax.
enum class UnixPeers : std::uint8_t { kDeny, kOwn, kAny };
// Who may connect to a TCP listener of a run, the strictest first.
enum class Inbound : std::uint8_t {
  kNone,      // nobody
  kOwnRun,    // the run itself, and the runs that it lies in
  kLoopback,  // also whoever comes over a loopback address
};

struct Agent {
  std::string name;
  std::string cgroup;    // match.cgroup: path below the cgroup2 mount; "" where it is only launched
  People launchers;      // who may start it; root and the group sluice where the policy is silent
  People may_speak_for;  // whom a launcher may name with --on-behalf-of, beside themselves
  bool any_parent = true;  // false: only an agent of `parents` may start it as a subagent
  std::vector<std::string> parents;
  // match.open_connections: what an enrolled cgroup's processes were connected to before.
  bool keeps_open_connections = false;
  UnixPeers unix_peers = UnixPeers::kOwn;
  std::vector<std::string> unix_direct;  // canonical paths that it may reach unread; sorted
  Inbound inbound = Inbound::kOwnRun;
};

// One entry of the kernel's verdict map for a lineage; kernel/ adds the subject.
struct ConnectEntry {
  IpAddress network{};
  std::uint8_t prefix_length = 128;  // of the 128-bit form
  std::uint16_t port = 0;            // host order
  std::uint8_t ip_protocol = 6;      // 6 TCP, 17 UDP
  ConnectVerdict verdict = ConnectVerdict::kDeny;
  int denied_errno = 0;    // EACCES for kDeny
  std::uint32_t rule = 0;  // see Policy::rule_name(); 0 where no rule decided
  auto operator<=>(const ConnectEntry&) const = default;
};

// The same for a Unix socket. See UnixVerdictEntry.
struct UnixEntry {
  std::string name;  // "" = every name without an entry
  UnixVerdict verdict = UnixVerdict::kDeny;
  int denied_errno = 0;  // EACCES for kDeny
  std::uint32_t rule = 0;
  auto operator<=>(const UnixEntry&) const = default;
};

struct LaunchRequest {
  std::string_view agent;                  // to be started
  std::string_view user;                   // of the launcher, by SO_PEERCRED
  const std::vector<std::string>& groups;  // of the launcher, from the host's user database
  std::string_view on_behalf_of;           // whom the new run shall act for; == user for oneself
  const std::vector<std::string>& on_behalf_of_groups;
  const Lineage* parent = nullptr;  // of the launching task; null where it is outside any run
};

class Policy {
 public:
  explicit Policy(std::unique_ptr<const Compiled> compiled);
  ~Policy();
  Policy(const Policy&) = delete;
  Policy& operator=(const Policy&) = delete;

  // The most restrictive answer over every member of the lineage and every action of the set. An
  // empty set, an agent or a resource that this policy does not know: deny. `kin`: what else its
  // rows are reached by. A rule that denies or holds that does so for the intent; to allow what the
  // intent names is to allow its kin.
  Verdict judge(const Intent& intent, const std::vector<ObjectRef>& kin = {}) const;

  // Whatever the lineage asks of this resource, judge() would allow it, and nothing of the resource
  // is sensitive: every member has rules that allow each action of its protocol without a
  // condition, and no other rule, enforced or observed, that could say anything else.
  bool guards_nothing(const Lineage& lineage, std::string_view resource) const;

  // Whose destination this is. The most specific network wins; among equals the resource that the
  // lineage has rules for. Null: of no resource, or of two that cannot be told apart; both are
  // denied. `agents`: the lineage's agents, outermost first.
  const Resource* resource_for(const std::vector<std::string>& agents, const Endpoint& destination,
                               const AddressBook& book) const;
  // The same for a Unix socket, by any spelling of its path.
  const Resource* resource_for_unix(const std::vector<std::string>& agents,
                                    std::string_view name) const;
  const Resource* resource_named(std::string_view name) const;

  // The lineage's part of the verdict map, sorted, one entry per (network, port, protocol). What is
  // not in it is denied by the daemon, which a miss reaches.
  //   kDirect  tcp and dns whose `connect` every member allows without a condition
  //   kDeny    what some member can never reach
  //   kSteer   the rest: the daemon judges
  std::vector<ConnectEntry> connect_entries(const std::vector<std::string>& agents,
                                            const AddressBook& book) const;

  // The same for Unix sockets, each spelling of a path its own entry. Resources are steered, for
  // any of their protocols: the daemon connects to the path of the policy, so a path that leads
  // elsewhere for the agent does no harm. kDirect: what every member's `unix_builtin` and
  // `unix_direct` name.
  std::vector<UnixEntry> unix_entries(const std::vector<std::string>& agents) const;
  // The strictest of the lineage's agents; kNone where the policy does not know one.
  Inbound inbound(const std::vector<std::string>& agents) const;

  // May this user start this agent, here, on behalf of that user? The error says what to change.
  Result<void> may_launch(const LaunchRequest& request) const;

  const std::vector<Agent>& agents() const;  // sorted by name
  const Agent* agent_named(std::string_view name) const;
  const std::vector<std::shared_ptr<const Resource>>& resources() const;  // sorted by name
  std::vector<std::string> host_names() const;             // to be resolved; sorted, lower case
  std::vector<std::string> secret_files() const;           // for the keeper to read; sorted
  const std::vector<std::string>& require() const;         // guarantees that the host must have
  std::string_view rule_name(std::uint32_t number) const;  // "" for 0 and unknown numbers
  std::size_t rule_count() const;
  std::vector<std::string> observe_rules() const;  // names of those in `mode: observe`, sorted
  // A stable hash of all texts: the same files give the same number on every host.
  std::uint64_t version() const;

 private:
  std::unique_ptr<const Compiled> compiled_;
};

}  // namespace sluice::policy
