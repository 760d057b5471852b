// SPDX-License-Identifier: Apache-2.0
#include "sql/temporaries.h"

#include <utility>

#include "sql/users_code.h"

namespace sluice::sql {
namespace {

// What may be made where the statement runs.
class Found {
 public:
  explicit Found(Facts& facts) : facts_{facts} {}

  void functions(std::string_view name) {
    const auto found = facts_.catalog().functions_named(name);
    if (!facts_.spend(found.size())) return;
    for (const Function* one : found) add(one->temporaries);
  }

  void relations(std::string_view name, bool writes) {
    const auto found = facts_.catalog().relations_named(name);
    if (!facts_.spend(found.size())) return;
    for (const Relation* one : found)
      add(writes ? one->temporaries_of_writing : one->temporaries_of_reading);
  }

  Temporaries take() { return std::move(all_); }

 private:
  void add(const Temporaries& made) {
    if (!facts_.spend(made.size())) return;
    for (const auto& [name, only_table] : made) add_temporary(all_, name, only_table);
  }

  Facts& facts_;
  Temporaries all_;
};

Temporaries made_where_it_runs(Facts& facts) {
  const Statement& statement = facts.statement();
  const bool writes = changes_rows(statement.actions);
  const bool reads = writes || statement.actions.has(Action::kRead);
  const bool calls = reads || statement.actions.has(Action::kCall);
  Found found{facts};
  if (!calls) return {};
  for (const ObjectRef& object : statement.objects) {
    if (object.kind == ObjectRef::Kind::kFunction) found.functions(object.name);
    if (reads && object.kind == ObjectRef::Kind::kTable) found.relations(object.name, writes);
  }
  if (writes)
    for (const ObjectRef& object : statement.kin) found.relations(object.name, true);
  return found.take();
}

}  // namespace

void find_temporaries_of_calls(Facts& facts) {
  if (!facts.catalog().any_temporaries()) return;
  for (const auto& [name, only_table] : made_where_it_runs(facts)) {
    if (name.empty()) {
      // Else nothing could be written any more by whoever has called such a function.
      facts.statement().makes_anything |= facts.catalog().any_sensitive();
      continue;
    }
    CatalogChange change;
    change.name = name;
    change.temporary = true;
    change.certain = false;
    change.relkind = only_table ? 'r' : '?';
    facts.changes(std::move(change));
  }
}

}  // namespace sluice::sql
