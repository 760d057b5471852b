// SPDX-License-Identifier: Apache-2.0
// The daemon's embedded store: one SQLite file `store` in the state directory, mode 0600. A commit
// is on the disk when the call returns. Every method may be called from any thread.
#pragma once

#include <sluice/clock.h>
#include <sluice/identity.h>
#include <sluice/result.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace sluice::store {

class Database;

// A run as a restarted daemon needs it to adopt it again.
struct RunEntry {
  Run run;
  RunId parent;  // "" for an outermost run
  bool enrolled = false;
  bool revoked = false;
  WallTime started_at{};
};

class RunStore {
 public:
  virtual ~RunStore() = default;
  virtual Result<void> add(const RunEntry& entry) = 0;
  // Not an error for a run that has ended or is not known.
  virtual Result<void> end(const RunId& run, WallTime at) = 0;
  virtual Result<void> mark_revoked(const RunId& run) = 0;
  // Runs that have not ended, parents before children.
  virtual Result<std::vector<RunEntry>> list_living() = 0;
};

// A row of the approvals table; the intent and verdict are JSON that approval/ writes and reads.
struct RequestEntry {
  TicketId ticket;
  SessionId session;
  std::uint64_t statement = 0;
  RunId run;
  std::string intent_json;
  std::string verdict_json;
  std::string state;
  std::string note;
  WallTime asked_at{};
  WallTime expires_at{};
  WallTime decided_at{};
};
struct VoteEntry {
  TicketId ticket;
  std::uint32_t uid = 0;
  std::string by;
  bool approve = false;
  std::string note;
  WallTime at{};
};
struct GrantEntry {
  std::string id;
  TicketId ticket;
  std::string binding;  // what the grant covers, as one canonical text
  std::string by;
  WallTime given_at{};
  WallTime expires_at{};
};
// How a request ended.
struct Ending {
  TicketId ticket;
  std::string state;
  std::string note;
  WallTime at{};
};

class ApprovalStore {
 public:
  virtual ~ApprovalStore() = default;
  virtual Result<void> add_request(const RequestEntry& entry) = 0;
  // A vote and what follows from it, in one transaction; `ending` and `grant` may be null.
  virtual Result<void> add_vote(const VoteEntry& vote, const Ending* ending,
                                const GrantEntry* grant) = 0;
  // Error if it is not pending.
  virtual Result<void> end_request(const Ending& ending) = 0;
  // Every request that is pending ends like this. Returns how many.
  virtual Result<std::uint64_t> end_all_pending(const std::string& state, const std::string& note,
                                                WallTime at) = 0;
  virtual Result<void> end_grant(const std::string& id, const std::string& by, WallTime at) = 0;
  virtual Result<void> end_all_grants(const std::string& by, WallTime at) = 0;
  // Newest first, at most `limit`.
  virtual Result<std::vector<RequestEntry>> decided_since(WallTime since, std::size_t limit) = 0;
  virtual Result<std::vector<VoteEntry>> votes(const TicketId& ticket) = 0;
  // Forgets what ended before `before`, so that the file does not grow for ever.
  virtual Result<void> prune(WallTime before) = 0;
};

class Store {
 public:
  // Makes the file, brings an older one up to this program's schema; an Error for a newer one, a
  // damaged one, or one that others can read.
  static Result<std::unique_ptr<Store>> open(const std::string& file);
  ~Store();

  // Gives the file to another process: from now on every call is an Error that says so.
  void release();
  // The other process did not take it, or has ended.
  Result<void> take_back();

  RunStore& runs();
  ApprovalStore& approvals();

 private:
  class Impl;
  explicit Store(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::store
