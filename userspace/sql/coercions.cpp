// SPDX-License-Identifier: Apache-2.0
#include "sql/coercions.h"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <vector>

namespace sluice::sql {
namespace {

// As a row, or in a column.
bool holds_coerced(const Relation& relation, const Catalog& catalog) {
  return relation.of_session || relation.columns_unknown ||
         std::any_of(relation.columns.begin(), relation.columns.end(),
                     [&](const Column& column) { return catalog.is_coerced(column.type); });
}

// What other functions of users give is opaque, for none of their bodies is believed.
bool may_bring_coerced(const ObjectRef& object, Facts& facts) {
  const Catalog& catalog = facts.catalog();
  if (object.kind == ObjectRef::Kind::kFunction) {
    const auto named = catalog.functions_named(object.name);
    return std::any_of(named.begin(), named.end(), [](const Function* function) {
      return !of_postgres(*function) && computes_only(*function);
    });
  }
  if (object.kind != ObjectRef::Kind::kTable) return false;
  if (catalog.is_coerced(object.name)) return true;
  const auto named = catalog.relations_named(object.name);
  return std::any_of(named.begin(), named.end(), [&](const Relation* relation) {
    return !facts.spend(relation->columns.size()) || holds_coerced(*relation, catalog);
  });
}

bool may_bring_coerced(const MadeName& run, const Catalog& catalog) {
  switch (run.kind) {
    case MadeName::Kind::kType: return catalog.is_coerced(run.name);
    case MadeName::Kind::kOperator: return !catalog.name_revision(run.name).empty();
    default: return false;  // functions are objects, too
  }
}

// Which of the casts it is that may run is not told apart.
void coerce(Facts& facts) {
  for (const Function* called : facts.catalog().coercions()) {
    if (called == nullptr) facts.unknown("a cast calls a function that is not in the catalogue");
    if (called != nullptr && facts.spend(1)) facts.hidden_call(*called);
  }
  if (!facts.catalog().any_sensitive()) return;
  Statement& statement = facts.statement();
  const auto actions = statement.actions.list();
  const bool only_reads = std::all_of(actions.begin(), actions.end(), [](Action action) {
    return action == Action::kRead || action == Action::kSensitiveSearch;
  });
  facts.touches();
  facts.searches();
  if (!only_reads) facts.copies();
  statement.computes_opaque = true;
  if (statement.lineage == ResultLineage::kNoRows) return;
  statement.lineage = ResultLineage::kUnknown;
  statement.outputs.clear();
}

// Whatever it names, it computes nothing. What a table gets by its defaults comes later, but for
// the bounds of a partition.
bool moves_no_value(const Node& statement) {
  if (statement.is("CreateStmt")) return !statement.has("partbound");
  constexpr std::string_view kSuch[] = {
      "TransactionStmt", "VariableSetStmt", "VariableShowStmt", "DiscardStmt", "DeallocateStmt",
      "ClosePortalStmt", "ListenStmt",      "UnlistenStmt",     "DropStmt",    "TruncateStmt",
      "LockStmt",        "CommentStmt",     "RenameStmt",       "GrantStmt",   "GrantRoleStmt"};
  return std::any_of(std::begin(kSuch), std::end(kSuch),
                     [&](std::string_view tag) { return statement.is(tag); });
}

// Of one table its columns, and nothing more. "SELECT o.upper FROM orders o" would be a call.
bool only_shows_columns(const Node& select, const Catalog& catalog) {
  constexpr std::string_view kPlain[] = {"targetList", "fromClause", "limitOption", "op"};
  if (!select.is("SelectStmt")) return false;
  for (const auto& field : *select.fields())
    if (std::find(std::begin(kPlain), std::end(kPlain), std::string_view{field.key()}) ==
        std::end(kPlain))
      return false;
  const auto& from = select.list("fromClause");
  const Node table{from.size() == 1 ? &from[0] : nullptr};
  if (!table.is("RangeVar") || table.node_as("alias", "Alias").has("colnames")) return false;
  const auto named = catalog.relations_named(table.text("relname"));
  std::vector<const Relation*> relations;
  std::copy_if(named.begin(), named.end(), std::back_inserter(relations),
               [schema = table.text("schemaname")](const Relation* relation) {
                 return relation->may_be_in(schema);
               });
  const auto is_column = [&](const json::value& target) {
    const Node value = Node{&target}.node("val");
    const auto& names = value.list("fields");
    if (!value.is("ColumnRef") || names.empty()) return false;
    if (Node{&names.back()}.is("A_Star")) return true;
    return std::all_of(relations.begin(), relations.end(), [&](const Relation* relation) {
      return !relation->of_session && !relation->columns_unknown &&
             relation->column(string_of(names.back())) != nullptr;
    });
  };
  const auto& targets = select.list("targetList");
  return !relations.empty() && std::all_of(targets.begin(), targets.end(), is_column);
}

}  // namespace

void find_coercions(const Node& node, Facts& facts) {
  const Catalog& catalog = facts.catalog();
  if (!catalog.any_coerced() || moves_no_value(node) || only_shows_columns(node, catalog)) return;
  const Statement& statement = facts.statement();
  const std::size_t listed_max = facts.limits().objects_max;
  const bool found =
      catalog.any_coerced_builtin() || statement.objects.size() >= listed_max ||
      statement.runs.size() >= listed_max ||
      std::any_of(statement.objects.begin(), statement.objects.end(),
                  [&](const ObjectRef& object) { return may_bring_coerced(object, facts); }) ||
      std::any_of(statement.runs.begin(), statement.runs.end(),
                  [&](const MadeName& run) { return may_bring_coerced(run, catalog); });
  if (found) coerce(facts);
}

void find_coercion_of(Oid type, Facts& facts) {
  const Catalog& catalog = facts.catalog();
  if (catalog.is_coerced(type) || catalog.any_coerced_builtin()) coerce(facts);
}

}  // namespace sluice::sql
