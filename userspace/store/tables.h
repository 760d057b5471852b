// SPDX-License-Identifier: Apache-2.0
// The two tables' interfaces over one database and its lock.
#pragma once

#include "store/database.h"
#include "store/store.h"

#include <mutex>

namespace sluice::store {

struct LockedDatabase {
  std::mutex mutex;
  Database database;
};

class RunTable final : public RunStore {
 public:
  explicit RunTable(LockedDatabase& shared) : shared_(shared) {}
  Result<void> add(const RunEntry& entry) override;
  Result<void> end(const RunId& run, WallTime at) override;
  Result<void> mark_revoked(const RunId& run) override;
  Result<std::vector<RunEntry>> list_living() override;

 private:
  LockedDatabase& shared_;
};

class ApprovalTable final : public ApprovalStore {
 public:
  explicit ApprovalTable(LockedDatabase& shared) : shared_(shared) {}
  Result<void> add_request(const RequestEntry& entry) override;
  Result<void> add_vote(const VoteEntry& vote, const Ending* ending,
                        const GrantEntry* grant) override;
  Result<void> end_request(const Ending& ending) override;
  Result<std::uint64_t> end_all_pending(const std::string& state, const std::string& note,
                                        WallTime at) override;
  Result<void> end_grant(const std::string& id, const std::string& by, WallTime at) override;
  Result<void> end_all_grants(const std::string& by, WallTime at) override;
  Result<std::vector<RequestEntry>> decided_since(WallTime since, std::size_t limit) override;
  Result<std::vector<VoteEntry>> votes(const TicketId& ticket) override;
  Result<void> prune(WallTime before) override;

 private:
  LockedDatabase& shared_;
};

}  // namespace sluice::store
