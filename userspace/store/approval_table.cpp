// SPDX-License-Identifier: Apache-2.0
#include "store/tables.h"

namespace sluice::store {
namespace {

Result<void> end_one(Database& database, const Ending& ending) {
  SLUICE_TRY(Statement update, database.prepare("UPDATE requests SET state=?, note=?, decided_at=? "
                                                "WHERE ticket=? AND state='pending'"));
  SLUICE_TRY_VOID(update.bind(1, ending.state)
                      .bind(2, ending.note)
                      .bind(3, ending.at)
                      .bind(4, ending.ticket)
                      .finish());
  if (database.changes() != 1)
    return Error{"the store has no pending request '" + ending.ticket + "'"};
  return {};
}

Result<void> insert_vote(Database& database, const VoteEntry& vote) {
  SLUICE_TRY(Statement insert,
             database.prepare("INSERT INTO votes(ticket, uid, by, approve, note, at) "
                              "VALUES(?,?,?,?,?,?)"));
  return insert.bind(1, vote.ticket)
      .bind(2, std::int64_t{vote.uid})
      .bind(3, vote.by)
      .bind(4, std::int64_t{vote.approve})
      .bind(5, vote.note)
      .bind(6, vote.at)
      .finish();
}

Result<void> insert_grant(Database& database, const GrantEntry& grant) {
  SLUICE_TRY(Statement insert,
             database.prepare("INSERT INTO grants(id, ticket, binding, by, given_at, expires_at) "
                              "VALUES(?,?,?,?,?,?)"));
  return insert.bind(1, grant.id)
      .bind(2, grant.ticket)
      .bind(3, grant.binding)
      .bind(4, grant.by)
      .bind(5, grant.given_at)
      .bind(6, grant.expires_at)
      .finish();
}

}  // namespace

Result<void> ApprovalTable::add_request(const RequestEntry& entry) {
  const std::lock_guard lock{shared_.mutex};
  SLUICE_TRY(
      Statement insert,
      shared_.database.prepare(
          "INSERT INTO requests(ticket, session, statement, run, intent, verdict, state, note, "
          "asked_at, expires_at, decided_at) VALUES(?,?,?,?,?,?,?,?,?,?,?)"));
  insert.bind(1, entry.ticket)
      .bind(2, entry.session)
      .bind(3, static_cast<std::int64_t>(entry.statement))
      .bind(4, entry.run)
      .bind(5, entry.intent_json)
      .bind(6, entry.verdict_json)
      .bind(7, entry.state)
      .bind(8, entry.note)
      .bind(9, entry.asked_at)
      .bind(10, entry.expires_at);
  if (entry.state == "pending")
    insert.bind_null(11);
  else
    insert.bind(11, entry.decided_at);
  return insert.finish();
}

Result<void> ApprovalTable::add_vote(const VoteEntry& vote, const Ending* ending,
                                     const GrantEntry* grant) {
  const std::lock_guard lock{shared_.mutex};
  SLUICE_TRY(Transaction transaction, Transaction::begin(shared_.database));
  SLUICE_TRY_VOID(insert_vote(shared_.database, vote));
  if (ending) SLUICE_TRY_VOID(end_one(shared_.database, *ending));
  if (grant) SLUICE_TRY_VOID(insert_grant(shared_.database, *grant));
  return transaction.commit();
}

Result<void> ApprovalTable::end_request(const Ending& ending) {
  const std::lock_guard lock{shared_.mutex};
  return end_one(shared_.database, ending);
}

Result<std::uint64_t> ApprovalTable::end_all_pending(const std::string& state,
                                                     const std::string& note, WallTime at) {
  const std::lock_guard lock{shared_.mutex};
  SLUICE_TRY(Statement update,
             shared_.database.prepare(
                 "UPDATE requests SET state=?, note=?, decided_at=? WHERE state='pending'"));
  SLUICE_TRY_VOID(update.bind(1, state).bind(2, note).bind(3, at).finish());
  return static_cast<std::uint64_t>(shared_.database.changes());
}

Result<void> ApprovalTable::end_grant(const std::string& id, const std::string& by, WallTime at) {
  const std::lock_guard lock{shared_.mutex};
  SLUICE_TRY(Statement update,
             shared_.database.prepare(
                 "UPDATE grants SET ended_at=?, ended_by=? WHERE id=? AND ended_at IS NULL"));
  return update.bind(1, at).bind(2, by).bind(3, id).finish();
}

Result<void> ApprovalTable::end_all_grants(const std::string& by, WallTime at) {
  const std::lock_guard lock{shared_.mutex};
  SLUICE_TRY(Statement update, shared_.database.prepare("UPDATE grants SET ended_at=?, ended_by=? "
                                                        "WHERE ended_at IS NULL"));
  return update.bind(1, at).bind(2, by).finish();
}

Result<std::vector<RequestEntry>> ApprovalTable::decided_since(WallTime since, std::size_t limit) {
  const std::lock_guard lock{shared_.mutex};
  SLUICE_TRY(Statement select,
             shared_.database.prepare(
                 "SELECT ticket, session, statement, run, intent, verdict, state, note, asked_at, "
                 "expires_at, decided_at FROM requests WHERE decided_at >= ? "
                 "ORDER BY decided_at DESC, seq DESC LIMIT ?"));
  select.bind(1, since).bind(2, static_cast<std::int64_t>(limit));
  std::vector<RequestEntry> entries;
  for (;;) {
    SLUICE_TRY(const bool row, select.step());
    if (!row) return entries;
    RequestEntry entry;
    entry.ticket = select.text(0);
    entry.session = select.text(1);
    entry.statement = static_cast<std::uint64_t>(select.number(2));
    entry.run = select.text(3);
    entry.intent_json = select.text(4);
    entry.verdict_json = select.text(5);
    entry.state = select.text(6);
    entry.note = select.text(7);
    entry.asked_at = select.time(8);
    entry.expires_at = select.time(9);
    entry.decided_at = select.time(10);
    entries.push_back(std::move(entry));
  }
}

Result<std::vector<VoteEntry>> ApprovalTable::votes(const TicketId& ticket) {
  const std::lock_guard lock{shared_.mutex};
  SLUICE_TRY(Statement select,
             shared_.database.prepare(
                 "SELECT uid, by, approve, note, at FROM votes WHERE ticket=? ORDER BY at, uid"));
  select.bind(1, ticket);
  std::vector<VoteEntry> entries;
  for (;;) {
    SLUICE_TRY(const bool row, select.step());
    if (!row) return entries;
    entries.push_back({ticket, static_cast<std::uint32_t>(select.number(0)), select.text(1),
                       select.number(2) != 0, select.text(3), select.time(4)});
  }
}

Result<void> ApprovalTable::prune(WallTime before) {
  const std::lock_guard lock{shared_.mutex};
  SLUICE_TRY(Transaction transaction, Transaction::begin(shared_.database));
  for (const char* sql :
       {"DELETE FROM requests WHERE decided_at < ?", "DELETE FROM grants WHERE ended_at < ?",
        "DELETE FROM runs WHERE ended_at < ?"}) {
    SLUICE_TRY(Statement statement, shared_.database.prepare(sql));
    SLUICE_TRY_VOID(statement.bind(1, before).finish());
  }
  return transaction.commit();
}

}  // namespace sluice::store
