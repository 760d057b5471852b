// SPDX-License-Identifier: Apache-2.0
#include "sql/session_names.h"

#include <algorithm>
#include <utility>

#include "sql/name_encoding.h"
#include "sql/worst_of.h"

namespace sluice::sql {
namespace {

constexpr std::size_t kKeptMax = 1'000'000;  // some 100 MiB

// It may run a function, by itself or by a trigger.
bool may_open_cursors(const Statement& statement) {
  if (statement.actions.bits() & ~ActionSet{Action::kRead, Action::kTransaction}.bits())
    return true;
  return std::any_of(statement.objects.begin(), statement.objects.end(),
                     [](const auto& object) { return object.kind == ObjectRef::Kind::kFunction; });
}

// What names another name means whatever that stands for when it runs, which is followed where the
// agent says it, and no further. What a row is taken from changes nothing of what is done.
void end_chain(Statement& statement) {
  if (std::all_of(statement.uses.begin(), statement.uses.end(),
                  [](const NameUse& use) { return use.position; }))
    return;
  statement.actions.add(Action::kUnknown);
  statement.lineage = ResultLineage::kUnknown;
  statement.outputs.clear();
  statement.touches_sensitive = true;
}

}  // namespace

std::size_t parts_of(const Statement& statement) {
  return 1 + statement.objects.size() + statement.kin.size() + statement.columns.size() +
         statement.outputs.size() + statement.writes.size() + statement.runs.size() +
         statement.makes.size();
}

void SessionNames::forget(Names& names) {
  for (const auto& [name, kept] : names) kept_ -= parts_of(*kept.statement);
  if (!names.empty()) ++version_;
  names.clear();
}

template <class Gone>
void SessionNames::forget_where(Names& names, Gone gone) {
  for (auto name = names.begin(); name != names.end();) {
    if (!gone(name->second)) {
      ++name;
      continue;
    }
    kept_ -= parts_of(*name->second.statement);
    name = names.erase(name);
    ++version_;
  }
}

SessionNames::Name* SessionNames::put(Space space, std::string_view name, Statement statement) {
  ++version_;
  end_chain(statement);
  Names& names = names_of(space);
  auto found = names.find(name);
  if (found == names.end() && size() >= names_max_) overflowed_ = true;
  const std::size_t before = found == names.end() ? 0 : parts_of(*found->second.statement);
  if (kept_ - before + parts_of(statement) > kKeptMax) overflowed_ = true;
  if (overflowed_) return nullptr;
  kept_ += parts_of(statement) - before;
  if (found == names.end()) found = names.emplace(std::string{name}, Name{}).first;
  found->second.statement = std::make_shared<const Statement>(std::move(statement));
  return &found->second;
}

SessionNames::Name* SessionNames::widen(Space space, std::string_view name,
                                        const Statement& statement) {
  const Names& names = names_of(space);
  const auto found = names.find(name);
  return put(space, name,
             found == names.end() ? statement : worst_of(*found->second.statement, statement));
}

void SessionNames::sent(Space space, std::string_view name, const Statement& statement) {
  if (Name* kept = widen(space, name, statement)) kept->given = version_;
}

bool SessionNames::renewed(Space space, std::string_view name, const Statement& statement) {
  if (!names_of(space).contains(name)) return false;
  widen(space, name, statement);
  return true;
}

void SessionNames::completed(Space space, std::string_view name, const Statement& statement) {
  if (Name* kept = put(space, name, statement)) {
    kept->given = kept->made = version_;
    kept->certain = true;
    kept->holds = kept->held = false;
  }
}

void SessionNames::made(Space space, std::string_view name) {
  Names& names = names_of(space);
  const auto found = names.find(name);
  if (found == names.end()) return;
  found->second.certain = true;
  found->second.made = ++version_;
}

void SessionNames::closed(Space space, std::string_view name) {
  Names& names = names_of(space);
  const auto found = names.find(name);
  if (found == names.end()) return;
  ++version_;
  kept_ -= parts_of(*found->second.statement);
  names.erase(found);
}

void SessionNames::sent(const Statement& statement) {
  if (statement.kind == StatementKind::kPrepare) sent(Space::kPrepared, statement.name, statement);
  if (statement.kind == StatementKind::kDeclareCursor)
    sent(Space::kCursor, statement.name, statement);
}

void SessionNames::exactly(Space space, const Statement& statement) {
  completed(space, statement.name, statement);
  if (!statement.with_hold) return;
  const auto found = names_of(space).find(statement.name);
  if (found != names_of(space).end()) found->second.holds = true;
}

std::optional<std::uint64_t> SessionNames::completed(const Statement& statement, Outcome outcome) {
  switch (statement.kind) {
    case StatementKind::kPrepare: exactly(Space::kPrepared, statement); break;
    case StatementKind::kDeclareCursor: exactly(Space::kCursor, statement); break;
    case StatementKind::kDeallocate:
      statement.name.empty() ? forget(prepared_) : closed(Space::kPrepared, statement.name);
      break;
    case StatementKind::kCloseCursor:
      statement.name.empty() ? forget(cursors_) : closed(Space::kCursor, statement.name);
      break;
    case StatementKind::kDiscard:
      if (statement.name == "ALL") clear();
      break;
    case StatementKind::kSavepoint:
      // Where a savepoint is not found, everything counts as made since.
      if (savepoints_.size() >= kSavepointsMax) savepoints_.clear();
      savepoints_.push_back({statement.name, version_});
      break;
    case StatementKind::kReleaseSavepoint: released(statement.name); break;
    case StatementKind::kRollbackToSavepoint: return rolled_back_to(statement.name);
    case StatementKind::kCommit:
    case StatementKind::kRollback:
    case StatementKind::kPrepareTransaction:
      transaction_ended(statement.kind == StatementKind::kRollback ? Outcome::kRolledBack
                                                                   : outcome);
      return 0;
    default: break;
  }
  return std::nullopt;
}

void SessionNames::ran(const Statement& statement) {
  const bool gives =
      statement.kind == StatementKind::kPrepare || statement.kind == StatementKind::kDeclareCursor;
  if (!gives) {
    completed(statement);
    if (may_open_cursors(statement))
      forget_where(cursors_, [](const Name& name) { return !name.certain; });
    return;
  }
  const Space space = statement.kind == StatementKind::kPrepare ? Space::kPrepared : Space::kCursor;
  sent(statement);
  made(space, statement.name);
  const auto found = names_of(space).find(statement.name);
  if (found != names_of(space).end()) found->second.holds = statement.with_hold;
}

void SessionNames::transaction_ended(Outcome outcome) {
  savepoints_.clear();
  if (cursors_.empty()) return;
  forget_where(cursors_, [outcome](const Name& name) {
    return !name.held && (!name.holds || outcome == Outcome::kRolledBack);
  });
  for (auto& [name, kept] : cursors_) {
    if (!kept.held && outcome == Outcome::kNotKnown) kept.certain = false;
    kept.held = true;
  }
}

std::size_t SessionNames::savepoint(std::string_view name) const {
  std::size_t at = savepoints_.size();
  while (at > 0 && savepoints_[at - 1].name != name) --at;
  return at;  // one past it; 0: there is none that we know
}

std::uint64_t SessionNames::rolled_back_to(std::string_view name) {
  const std::size_t at = savepoint(name);
  savepoints_.resize(at);
  const std::uint64_t since = at == 0 ? 0 : savepoints_[at - 1].at;
  forget_where(cursors_, [since](const Name& kept) { return !kept.held && kept.made > since; });
  return since;
}

void SessionNames::released(std::string_view name) {
  const std::size_t at = savepoint(name);
  savepoints_.resize(at == 0 ? 0 : at - 1);
}

void SessionNames::forget_failed() {
  const auto failed = [](const Name& name) { return !name.certain; };
  forget_where(prepared_, failed);
  forget_where(cursors_, failed);
}

void SessionNames::clear() {
  prepared_.clear();
  cursors_.clear();
  savepoints_.clear();
  kept_ = 0;
  overflowed_ = false;
  ++version_;
}

std::shared_ptr<const Statement> SessionNames::given_by(const Statement& statement) const {
  if (statement.kind == StatementKind::kPrepare) return find(Space::kPrepared, statement.name);
  if (statement.kind == StatementKind::kDeclareCursor) return find(Space::kCursor, statement.name);
  return nullptr;
}

std::shared_ptr<const Statement> SessionNames::find(Space space, std::string_view name) const {
  if (overflowed_ || (!beyond_ascii_ && !same_in_every_encoding(name))) return nullptr;
  const Names& names = names_of(space);
  const auto found = names.find(name);
  return found == names.end() ? nullptr : found->second.statement;
}

bool SessionNames::surely(Space space, std::string_view name) const {
  const Names& names = names_of(space);
  const auto found = names.find(name);
  return found != names.end() && found->second.certain;
}

std::vector<std::uint64_t> SessionNames::given_at(const std::vector<NameUse>& uses) const {
  std::vector<std::uint64_t> at;
  at.reserve(uses.size());
  for (const NameUse& use : uses) {
    const Names& names = names_of(use.cursor ? Space::kCursor : Space::kPrepared);
    const auto found = names.find(use.name);
    at.push_back(found == names.end() ? 0 : found->second.given);
  }
  return at;
}

}  // namespace sluice::sql
