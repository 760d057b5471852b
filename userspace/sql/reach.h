// SPDX-License-Identifier: Apache-2.0
// What the names in a statement stand for, and all that is below it: tables with their columns,
// partitions and foreign keys, what views and rules are, functions with what their bodies name.
// What people approved is compared by it: a name is only a name.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sql/catalog.h"
#include "sql/made.h"
#include "sql/names_in_text.h"
#include "sql/statement.h"

namespace sluice::sql {

class Reach {
 public:
  // `changes`: rows may be, so that rules and foreign keys act.
  Reach(const Catalog& catalog, bool changes) : catalog_(catalog), changes_(changes) {}

  void object(const ObjectRef& object);
  void runs(const MadeName& run);
  // Names that are found in its strings count: they may be looked up, or run.
  void strings_of(std::string_view statement);
  void parameter(std::string_view value);

  // The same text only where all of it is still the same thing. What nothing leads to is not in it.
  std::string text();
  // Every name that leads there, after text().
  const std::set<std::string, std::less<>>& names() const { return names_; }

 private:
  void relation(const Relation& relation);
  void functions_named(std::string_view name);
  void function(const Function& function);
  void types_named(std::string_view name);
  void type(Oid type);
  void anything_named(std::string_view name);
  // Then every catalogue is another one.
  void anything();
  void found(const NamesInText& names);
  void statement(const Statement& statement);
  void follow();
  void below(const Relation& relation);
  void below(const Function& function);
  void below(Oid type);

  const Catalog& catalog_;
  const bool changes_;
  std::set<std::string, std::less<>> names_;
  std::set<std::string> lines_;
  std::set<Oid> relations_seen_, functions_seen_, types_seen_;
  std::vector<const Relation*> relations_;  // to be followed
  std::vector<const Function*> functions_;
  std::vector<Oid> types_;
};

}  // namespace sluice::sql
