// SPDX-License-Identifier: Apache-2.0
// Facts: changes to PostgreSQL's own tables. To a superuser they are ordinary tables, but their
// rows are what names mean, what runs, and who may do what.
#include <algorithm>

#include "sql/facts.h"

namespace sluice::sql {
namespace {

bool is_system_schema(std::string_view schema) {
  return schema == "pg_catalog" || schema == "pg_toast" || schema == "information_schema";
}

std::ptrdiff_t tables_below(const Statement& definition) {
  return std::count_if(
      definition.objects.begin(), definition.objects.end(),
      [](const ObjectRef& object) { return object.kind == ObjectRef::Kind::kTable; });
}

// Whether what is written to the relation may arrive in a system catalogue.
bool leads_to_system_catalog(const Relation& relation) {
  // Applications have tables of these names, too ("columns", "parameters"). Those that PostgreSQL
  // lets nobody write to are views of several tables.
  if (relation.schema == "information_schema" && relation.kind == 'v')
    return relation.definition && tables_below(*relation.definition) == 1;
  if (is_system_schema(relation.schema)) return true;
  return relation.definition &&
         std::any_of(relation.definition->objects.begin(), relation.definition->objects.end(),
                     [](const ObjectRef& object) {
                       return object.kind == ObjectRef::Kind::kTable &&
                              is_system_schema(object.schema);
                     });
}

}  // namespace

bool is_toast(std::string_view schema, std::string_view name) {
  return schema.starts_with("pg_toast") || name.starts_with("pg_toast_");
}

void Facts::changes_system_catalog(std::string_view schema, std::string_view name) {
  const auto candidates = catalog_.relations_named(name);
  const bool leads = std::any_of(candidates.begin(), candidates.end(), [&](const Relation* one) {
    return one->may_be_in(schema) && leads_to_system_catalog(*one);
  });
  if (!leads && !is_system_schema(schema)) return;
  unknown("what changes the rows of " + std::string{name} + " changes what the database is");
  action(Action::kGrant);
  statement_.changes_meaning = true;
  statement_.blinds = true;
}

}  // namespace sluice::sql
