// SPDX-License-Identifier: Apache-2.0
#include "session/postgres/new_meanings.h"

#include <algorithm>

namespace sluice::session {
namespace {

using sql::StatementKind;

// It makes something of what it names, which stays what it is.
bool only_reads_what_it_names(const sql::Statement& statement) {
  return statement.kind == StatementKind::kCreateTableAs ||
         statement.kind == StatementKind::kCreateView;
}

}  // namespace

void NewMeanings::give(const std::string& name, bool lasting) {
  if (name.empty()) return;
  if (of_transaction_.size() + lasting_.size() >= kNamesMax) {
    anything_ = count_;
    return;
  }
  // What becomes of a temporary relation the catalogue shows no more than that it was made.
  (lasting || lasting_.contains(name) ? lasting_ : of_transaction_)[name] = count_;
}

void NewMeanings::note(const sql::Statement& statement) {
  const bool defines = statement.actions.has(Action::kDdl) || statement.actions.has(Action::kGrant);
  const bool unknown = statement.makes_anything || statement.actions.has(Action::kUnknown);
  if (!defines && !unknown && statement.makes.empty() && statement.changes.empty()) return;
  ++count_;
  if (unknown) anything_ = count_;
  for (const sql::Made& made : statement.makes) {
    give(made.name, false);
    give(made.before, false);
  }
  for (const sql::CatalogChange& change : statement.changes) {
    // Where no schema is given it may be a temporary relation.
    const bool is_new = change.kind == sql::CatalogChange::Kind::kNewRelation;
    const bool lasting =
        is_new ? change.temporary || change.schema.empty() : lasting_.contains(change.name);
    give(change.name, lasting);
    give(change.other_name, lasting);
    give(change.new_name, lasting);
  }
  if (!defines || only_reads_what_it_names(statement)) return;
  for (const ObjectRef& object : statement.objects) give(object.name, false);
  for (const ObjectRef& object : statement.kin) give(object.name, false);
}

void NewMeanings::transaction_ended() {
  if (!of_transaction_.empty()) of_transaction_.clear();
}

std::uint64_t NewMeanings::of(const std::set<std::string, std::less<>>& names) const {
  std::uint64_t newest = anything_;
  if (of_transaction_.empty() && lasting_.empty()) return newest;
  for (const std::string& name : names)
    for (const auto* given : {&of_transaction_, &lasting_})
      if (const auto found = given->find(name); found != given->end())
        newest = std::max(newest, found->second);
  return newest;
}

}  // namespace sluice::session
