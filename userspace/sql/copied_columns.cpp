// SPDX-License-Identifier: Apache-2.0
#include "sql/copied_columns.h"

#include <algorithm>
#include <vector>

#include "sql/action_walker.h"
#include "sql/lineage.h"

namespace sluice::sql {
namespace {

// LIKE ... INCLUDING DEFAULTS, GENERATED (PostgreSQL's parsenodes.h): what computes values.
constexpr std::int64_t kTakesValues = 8 | 16;

// With a type of users it may be dropped by another session.
bool may_go(const Field& field, const Catalog& catalog) {
  const Relation* relation = catalog.relation(field.value.relation);
  const Column* column = relation == nullptr ? nullptr : relation->column(field.value.attnum);
  return column == nullptr || column->type == 0 || !is_builtin_type(column->type);
}

bool computes_default(Oid type, const Catalog& catalog) {
  return !catalog.calls_of_default(type).empty();
}

// Of a value that is computed it is not known here what type it has.
bool fills_itself(const Field& field, const Catalog& catalog) {
  if (!catalog.any_default_computed()) return false;
  const Relation* relation = catalog.relation(field.value.relation);
  const Column* column = relation == nullptr ? nullptr : relation->column(field.value.attnum);
  return column == nullptr || column->type == 0 || computes_default(column->type, catalog);
}

CatalogChange* change_that_makes(const Node& table, Statement& statement) {
  const auto made = std::find_if(
      statement.changes.begin(), statement.changes.end(), [&](const CatalogChange& change) {
        return change.kind == CatalogChange::Kind::kNewRelation && change.relkind == 'r' &&
               change.name == table.text("relname") && change.schema == table.text("schemaname");
      });
  return made == statement.changes.end() ? nullptr : &*made;
}

}  // namespace

bool fills_itself(const Node& type, const Catalog& catalog) {
  return fills_itself(split_name(type.list("names")).second, catalog);
}

bool fills_itself(std::string_view type, const Catalog& catalog) {
  const auto oids = catalog.types_named(type);
  return std::any_of(oids.begin(), oids.end(),
                     [&](Oid oid) { return computes_default(oid, catalog); });
}

void columns_of_like(const Node& like, Facts& facts, CatalogChange& change) {
  const Catalog& catalog = facts.catalog();
  const Node source = like.node("relation");
  const bool takes_values = (like.integer("options") & kTakesValues) != 0;
  std::vector<const Relation*> candidates;
  for (const Relation* relation : catalog.relations_named(source.text("relname")))
    if (relation->may_be_in(source.text("schemaname"))) candidates.push_back(relation);
  change.contents_judged &= !takes_values || !candidates.empty();
  for (const Relation* one : candidates) {
    const Oid known_as = one->same_as == 0 ? one->oid : one->same_as;
    change.contents_judged &= !takes_values || catalog.calls_of_table(known_as).empty();
    change.columns_known &= !one->columns_unknown;
    change.fills_itself |=
        one->holds_anything() ||
        std::any_of(one->columns.begin(), one->columns.end(),
                    [&](const Column& column) { return computes_default(column.type, catalog); });
  }
  // Each relation has a type of its name; one more may be a composite type, which LIKE takes, too.
  const std::size_t types = catalog.types_named(source.text("relname")).size();
  change.columns_known &= candidates.size() == 1 && change.contents_judged &&
                          types <= (candidates.front()->of_session ? 0U : 1U);
  if (candidates.empty() || !facts.spend(candidates.front()->columns.size())) return;
  for (const Column& column : candidates.front()->columns) {
    change.columns.push_back(column.name);
    change.columns_may_go |= column.type == 0 || !is_builtin_type(column.type);
  }
}

void columns_of_query(const Node& into, Row row, Facts& facts) {
  Statement& statement = facts.statement();
  CatalogChange* change = change_that_makes(into.node("rel"), statement);
  if (change == nullptr || whole(row).sensitive()) return;
  rename(row, strings_of(into.list("colNames")));
  change->contents_judged = true;
  change->columns_known = !row.rest;
  for (const Field& field : row.fields) {
    change->columns_may_go |= may_go(field, facts.catalog());
    change->fills_itself |= fills_itself(field, facts.catalog());
    if (field.name.empty())
      change->columns_known = false;
    else
      change->columns.emplace_back(field.name);
  }
}

}  // namespace sluice::sql
