// SPDX-License-Identifier: Apache-2.0
#include "sql/owned_sequences.h"

#include <algorithm>
#include <utility>

#include "sql/catalog_changes.h"
#include "sql/words.h"

namespace sluice::sql {
namespace {

constexpr std::int64_t kLikeIdentity = 1 << 5;  // CREATE_TABLE_LIKE_IDENTITY of parsenodes.h

void make(const Node& table, std::string_view schema, std::string name, Facts& facts) {
  CatalogChange change = change_of(CatalogChange::Kind::kNewRelation, table);
  for (const Relation* relation : facts.catalog().relations_named(change.name))
    change.temporary |= relation->schema == "pg_temp" && relation->may_be_in(change.schema);
  if (!schema.empty()) change.schema = schema;
  change.name = std::move(name);
  change.relkind = 'S';
  change.columns = {"last_value", "log_cnt", "is_called"};
  change.columns_known = true;
  facts.changes(std::move(change));
}

// Which one the server takes is known only where the first is free.
void make_any(const Node& table, std::string_view column, Facts& facts) {
  constexpr std::size_t kAttemptsMax = 100;
  for (std::size_t attempt = 0; attempt < kAttemptsMax; ++attempt) {
    std::string name = name_of_sequence(table.text("relname"), column, attempt);
    if (name.empty()) break;
    const bool is_free = facts.catalog().relations_named(name).empty();
    make(table, {}, std::move(name), facts);
    if (is_free) return;
  }
  facts.statement().makes_anything = true;
}

void identity(const Node& table, std::string_view column, const Node& constraint, Facts& facts) {
  if (constraint.text("contype") != "CONSTR_IDENTITY") return;
  for (const auto& item : constraint.list("options")) {
    const Node option{&item};
    if (option.text("defname") != "sequence_name") continue;
    const auto& names = option.node("arg").list("items");
    if (names.empty()) continue;
    const std::string_view schema =
        names.size() > 1 ? string_of(names[names.size() - 2]) : std::string_view{};
    return make(table, schema, std::string{string_of(names.back())}, facts);
  }
  make_any(table, column, facts);
}

}  // namespace

bool is_serial(const Node& type) {
  const auto& names = type.list("names");
  if (names.size() != 1) return false;
  const std::string_view name = string_of(names.front());
  return name == "serial" || name == "bigserial" || name == "smallserial" || name == "serial2" ||
         name == "serial4" || name == "serial8";
}

std::string name_of_sequence(std::string_view table, std::string_view column, std::size_t attempt) {
  const std::string label = "_seq" + (attempt == 0 ? std::string{} : std::to_string(attempt));
  const std::size_t room = kServerNameBytesMax - label.size() - 1;
  std::size_t of_table = table.size(), of_column = column.size();
  while (of_table + of_column > room) --(of_table > of_column ? of_table : of_column);
  const auto splits = [](std::string_view name, std::size_t at) {
    return at < name.size() && std::any_of(name.begin(), name.end(), [](char c) { return c < 0; });
  };
  if (splits(table, of_table) || splits(column, of_column)) return {};
  std::string name{table.substr(0, of_table)};
  name.append("_").append(column.substr(0, of_column)).append(label);
  return name;
}

void sequences_of_column(const Node& table, std::string_view column, const Node& element,
                         Facts& facts) {
  if (element.is("Constraint")) return identity(table, column, element, facts);
  if (!element.is("ColumnDef")) return;
  if (is_serial(element.node("typeName"))) make_any(table, column, facts);
  for (const auto& one : element.list("constraints")) identity(table, column, Node{&one}, facts);
}

void sequences_of_like(const Node& table, const Node& like, Facts& facts) {
  if ((like.integer("options") & kLikeIdentity) == 0) return;
  const Node source = like.node("relation");
  const auto relations = facts.catalog().relations_named(source.text("relname"));
  bool known = !relations.empty();
  for (const Relation* relation : relations) {
    if (!relation->may_be_in(source.text("schemaname"))) continue;
    known = known && !relation->columns_unknown;
    if (!facts.spend(relation->columns.size())) return;
    for (const Column& column : relation->columns) make_any(table, column.name, facts);
  }
  if (!known) facts.statement().makes_anything = true;
}

}  // namespace sluice::sql
