// SPDX-License-Identifier: Apache-2.0
// What the control socket needs from the daemon, as one interface and plain structs. daemon/
// implements it; control/ authorises the caller, speaks HTTP and JSON, and never decides policy.
// Methods are called from the control server's own worker threads, several at once, and may block
// for a moment (a keeper call, a database commit); none is called on a thread that carries flows.
#pragma once

#include <sluice/action.h>
#include <sluice/clock.h>
#include <sluice/identity.h>
#include <sluice/intent.h>
#include <sluice/verdict.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace sluice::control {

// Who speaks on the control socket, as the kernel says (SO_PEERCRED, SO_PEERPIDFD, /proc). Taken
// anew for each request, because a process may have been moved into a run since it connected.
struct Caller {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::int32_t pid = 0;             // in the daemon's pid namespace
  int pidfd = -1;                   // borrowed: valid for the call
  std::string user;                 // "#1234" for a uid without a name
  std::vector<std::string> groups;  // names, from the user data base
  std::string cgroup_path;          // below the cgroup2 mount, begins with '/'
  Lineage lineage;  // runs that the caller is inside of, outermost first; empty outside
};

// Which rows of a listing the caller may see; the union of what is set. Nothing set: none.
struct Scope {
  bool everything = false;
  bool own_run = false;   // rows of the caller's innermost run and of the runs below it
  bool own_user = false;  // rows of runs that caller.user launched, or that act on behalf of it
  bool named = false;  // approvals whose rule names the caller as approver; grants it helped give
};

struct Asking {
  Caller caller;
  Scope scope;
};

// A "no" with its reason in one sentence that is fit for the caller.
struct Refusal {
  enum class Kind : std::uint8_t {
    kInvalid,      // 400: the request makes no sense
    kForbidden,    // 403: not for this caller
    kNotFound,     // 404: no such run, ticket, agent, ...
    kConflict,     // 409: already decided, already revoked, ...
    kUnavailable,  // 503: try again later
    kFailed,       // 500: it should have worked
  };
  Kind kind = Kind::kFailed;
  std::string text;
};
template <class T>
using Answer = std::variant<T, Refusal>;

// --- listings ------------------------------------------------------------------------------------

struct Counter {
  std::string name;
  std::uint64_t value = 0;
};

// Two sums that are the same while nothing is on its way.
struct BalanceRow {
  std::string id;  // "events"
  std::string one_words, other_words;
  std::uint64_t one = 0;
  std::uint64_t other = 0;
  std::vector<Counter> parts;  // of `other`
};

struct StatusReport {
  std::string version;
  bool enforcing = false;
  std::string not_enforcing_because;  // one sentence; "" while enforcing
  std::int32_t pid = 0;
  WallTime started_at{};
  std::string policy_dir;
  std::uint64_t policy_version = 0;
  WallTime policy_loaded_at{};
  std::string policy_error;                // why the last reload was refused; "" if it was not
  std::vector<std::string> observe_rules;  // rules in `mode: observe`
  std::string cgroup_root;
  std::vector<std::string> listeners;
  std::uint64_t runs_living = 0;
  std::uint64_t flows_open = 0;
  std::uint64_t approvals_pending = 0;
  std::vector<Counter>
      counters;  // statements by verdict, kernel counters by reason, lost events...
  std::vector<BalanceRow> balances;  // kernel against daemon
  std::vector<Counter> rule_hits;    // decided in the kernel, by rule; also 0
};

struct RunRow {
  Run run;
  RunId parent;                      // "" for an outermost run
  std::vector<std::string> lineage;  // agent names, outermost first, this run's last
  WallTime started_at{};
  bool enrolled = false;  // found by `match`, not launched
  bool revoked = false;
  std::uint64_t flows_open = 0;
  std::uint64_t statements = 0;
  std::uint64_t refused = 0;
};

// An agent of the policy and its living runs.
struct AgentRow {
  std::string name;
  std::string match_cgroup;  // "" where it is launched
  std::vector<std::string> launcher_users;
  std::vector<std::string> launcher_groups;
  std::vector<RunRow> runs;
};

struct FlowRow {
  FlowId flow = 0;
  RunId run;
  std::string agent;
  std::string resource;
  std::string protocol;
  std::string agent_address;
  std::string original_destination;
  SessionId session;
  WallTime opened_at{};
  std::string state;  // "open", "held", "logging in", ...
  std::uint64_t statements = 0;
  std::uint64_t bytes_from_agent = 0;
  std::uint64_t bytes_to_agent = 0;
};

// A feature of the kernel.
struct DoctorRow {
  std::string name;  // "connect4"
  bool holds = false;
  bool required = false;
  std::string detail;      // what was found
  std::string what_to_do;  // "" where it holds
};

struct GuaranteeRow {
  std::uint32_t number = 0;  // in THREAT_MODEL.md
  std::string id;            // "unix_sockets"
  std::string guarantee;     // in words
  std::string state;         // held partly not_held unknown
  bool required = false;
  std::string by;       // what holds it, or the part of it that is held
  std::string why_not;  // "" where held; else why, and what to do
  std::string open;     // what is possible then; "" where held
};

struct DoctorReport {
  bool attached = false;             // a daemon says what it really attached
  std::vector<std::string> missing;  // of what is required; empty: enforcing
  std::vector<std::string> notes;    // what could not be looked at
  std::vector<GuaranteeRow> guarantees;
  std::vector<DoctorRow> checks;
};

struct VoteRow {
  std::string by;
  bool approve = false;
  std::string note;
  WallTime at{};
};

struct RecentRow {
  std::string statement;  // its beginning
  std::string verdict;    // allow hold deny
  WallTime at{};
};

struct ApprovalRow {
  TicketId ticket;
  std::string state;  // pending approved denied expired withdrawn
  Intent intent;      // lineage never null
  std::string rule;
  std::string agent;  // whose rule it is
  std::string message;
  Approvers approvers;
  std::vector<VoteRow> votes;
  SessionId session;
  WallTime asked_at{};
  WallTime expires_at{};
  std::string note;  // why it ended; "" while pending
  // Rows that the statement would touch, as far as the planner knows; while pending.
  std::optional<std::uint64_t> estimated_rows;
  // What the run asked for last, over all its connections, oldest first; while it lives.
  std::vector<RecentRow> recent;
};

struct GrantRow {
  std::string id;  // "grant-" and 8 characters
  TicketId ticket;
  RunId run;
  std::string agent;
  std::string resource;
  std::string database;
  std::string statement;
  std::string by;
  WallTime expires_at{};
};

struct ApprovalsReport {
  std::uint64_t version = 0;  // grows with each change; what a follower waits on
  std::vector<ApprovalRow> approvals;
  std::vector<GrantRow> grants;
};

struct SessionRow {
  SessionId session;
  RunId run;
  std::string agent;
  std::string resource;
  WallTime opened_at{};
  std::uint64_t statements = 0;
  bool open = false;
};

// --- acts ----------------------------------------------------------------------------------------

struct RunRequest {
  std::string agent;
  std::string on_behalf_of;  // "" is the launcher's own user
  std::string task;
  std::string user;  // whom the command will run as; "" is the caller's user
};
struct RunReply {
  Run run;
  std::vector<std::string> lineage;  // agent names, outermost first
  std::string ca_file;               // PEM of the host CA, readable by the agent
  std::string ca_bundle;             // PEM of the system's CAs and the host CA
  std::vector<std::pair<std::string, std::string>>
      environment;  // to set for the command beside those that trust the CA
};

struct VoteRequest {
  TicketId ticket;
  bool approve = false;
  std::string note;                               // note or reason
  std::optional<std::chrono::seconds> grant_for;  // --for
};
struct VoteReply {
  std::string state;  // of the ticket now: "pending" while more people are needed
  std::uint32_t still_needed = 0;
  std::string grant;  // id of the grant that it gave; "" if none
};

struct RevokeRequest {
  std::string target;  // a run's id, an agent's name, or a grant's id
};
struct RevokeReply {
  std::vector<RunId> runs;
  std::vector<std::string> grants;
  std::uint64_t flows_closed = 0;
};

struct ReloadReply {
  std::uint64_t policy_version = 0;
  bool changed = false;
};

class ControlBackend {
 public:
  virtual ~ControlBackend() = default;

  // Runs around a cgroup, outermost first; empty where it is inside no run. Decides what the caller
  // may do, so a cgroup that cannot be told must be an error.
  virtual Answer<Lineage> lineage_of(const std::string& cgroup_path) = 0;
  // Does any agent of the policy name the caller as a launcher (the default launchers included)?
  virtual bool is_launcher(const Caller& caller) = 0;
  // Does any rule of the policy, or any pending request, name the caller as an approver?
  virtual bool is_approver(const Caller& caller) = 0;

  virtual Answer<StatusReport> status(const Asking& asking) = 0;
  virtual Answer<std::vector<AgentRow>> agents(const Asking& asking) = 0;
  virtual Answer<std::vector<FlowRow>> flows(const Asking& asking) = 0;
  virtual Answer<DoctorReport> doctor(const Asking& asking) = 0;
  // Pending ones; with `decided`, those of the last day too.
  virtual Answer<ApprovalsReport> approvals(const Asking& asking, bool decided) = 0;
  // Cheap; read often. See ControlServer::approvals_changed().
  virtual std::uint64_t approvals_version() = 0;
  virtual Answer<std::vector<SessionRow>> sessions(const Asking& asking) = 0;

  // Checks who may vote on this very ticket.
  virtual Answer<VoteReply> vote(const Asking& asking, const VoteRequest& request) = 0;
  virtual Answer<RevokeReply> revoke(const Asking& asking, const RevokeRequest& request) = 0;
  // Checks the agent's launchers and `on_behalf_of`. When it answers with a RunReply the caller's
  // process (caller.pidfd) is in the run's cgroup already. A caller inside a run gets a run below
  // its own, whatever it asks.
  virtual Answer<RunReply> run(const Asking& asking, const RunRequest& request) = 0;
  virtual Answer<ReloadReply> reload(const Asking& asking) = 0;
};

}  // namespace sluice::control
