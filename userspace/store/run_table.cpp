// SPDX-License-Identifier: Apache-2.0
#include "store/tables.h"

#include <bit>

namespace sluice::store {

Result<void> RunTable::add(const RunEntry& entry) {
  const std::lock_guard lock{shared_.mutex};
  SLUICE_TRY(
      Statement insert,
      shared_.database.prepare(
          "INSERT INTO runs(id, agent, parent, cgroup_id, cgroup_path, launched_by, "
          "on_behalf_of, task, enrolled, revoked, started_at) VALUES(?,?,?,?,?,?,?,?,?,?,?)"));
  insert.bind(1, entry.run.id)
      .bind(2, entry.run.agent)
      .bind(3, entry.parent)
      .bind(4, std::bit_cast<std::int64_t>(entry.run.cgroup_id))
      .bind(5, entry.run.cgroup_path)
      .bind(6, entry.run.launched_by)
      .bind(7, entry.run.on_behalf_of)
      .bind(8, entry.run.task)
      .bind(9, std::int64_t{entry.enrolled})
      .bind(10, std::int64_t{entry.revoked})
      .bind(11, entry.started_at);
  return insert.finish();
}

Result<void> RunTable::end(const RunId& run, WallTime at) {
  const std::lock_guard lock{shared_.mutex};
  SLUICE_TRY(Statement update, shared_.database.prepare(
                                   "UPDATE runs SET ended_at=? WHERE id=? AND ended_at IS NULL"));
  return update.bind(1, at).bind(2, run).finish();
}

Result<void> RunTable::mark_revoked(const RunId& run) {
  const std::lock_guard lock{shared_.mutex};
  SLUICE_TRY(Statement update, shared_.database.prepare("UPDATE runs SET revoked=1 WHERE id=?"));
  SLUICE_TRY_VOID(update.bind(1, run).finish());
  if (shared_.database.changes() == 0) return Error{"the store knows no run '" + run + "'"};
  return {};
}

Result<std::vector<RunEntry>> RunTable::list_living() {
  const std::lock_guard lock{shared_.mutex};
  // A run is added after its parent, so the order of adding is the order of adopting.
  SLUICE_TRY(
      Statement select,
      shared_.database.prepare(
          "SELECT id, agent, parent, cgroup_id, cgroup_path, launched_by, on_behalf_of, task, "
          "enrolled, revoked, started_at FROM runs WHERE ended_at IS NULL ORDER BY seq"));
  std::vector<RunEntry> entries;
  for (;;) {
    SLUICE_TRY(const bool row, select.step());
    if (!row) return entries;
    RunEntry entry;
    entry.run.id = select.text(0);
    entry.run.agent = select.text(1);
    entry.parent = select.text(2);
    entry.run.cgroup_id = std::bit_cast<std::uint64_t>(select.number(3));
    entry.run.cgroup_path = select.text(4);
    entry.run.launched_by = select.text(5);
    entry.run.on_behalf_of = select.text(6);
    entry.run.task = select.text(7);
    entry.enrolled = select.number(8) != 0;
    entry.revoked = select.number(9) != 0;
    entry.started_at = select.time(10);
    entries.push_back(std::move(entry));
  }
}

}  // namespace sluice::store
