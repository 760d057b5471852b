// SPDX-License-Identifier: Apache-2.0
// Collects what is found out about one statement.
#pragma once

#include <string>
#include <string_view>

#include "sql/catalog.h"
#include "sql/functions.h"
#include "sql/limits.h"
#include "sql/statement.h"

namespace sluice::sql {

class Facts {
 public:
  Facts(Statement& statement, const Catalog& catalog, const Limits& limits)
      : statement_(statement), catalog_(catalog), limits_(limits) {}

  const Catalog& catalog() const { return catalog_; }
  const Limits& limits() const { return limits_; }
  Statement& statement() { return statement_; }

  void action(Action action) { statement_.actions.add(action); }
  void actions(const ActionSet& actions) { statement_.actions.add(actions); }
  // Something that we do not understand: kUnknown, and why.
  void unknown(std::string note);
  void note(std::string note);
  void object(ObjectRef::Kind kind, std::string_view schema, std::string_view name);
  // A relation that the text names: resolved through the catalogue; a view's own reach is added.
  void relation(std::string_view schema, std::string_view name);
  void kin(const ObjectRef& object);
  // The same of one that is changed: `how` is kInsert, kUpdate or kDelete. What rules make of it is
  // added.
  void changed_relation(std::string_view schema, std::string_view name, Action how);
  // A function that the text calls: its actions, its name.
  FunctionEffect function(std::string_view schema, std::string_view name);
  void hidden_call(const Function& function);
  // Its body may call it before the catalogue has it.
  void defines_function(std::string_view name) { defined_ = name; }
  void column(ColumnRef column);
  void touches() { statement_.touches_sensitive = true; }
  void searches();
  void copies();
  // Everything that the other statement does, this one does too.
  void include(const Statement& other);

 private:
  void reaches(const Statement& definition);
  void rewritten(const Relation& relation, Action how);

  Statement& statement_;
  const Catalog& catalog_;
  const Limits& limits_;
  std::string_view defined_;
};

}  // namespace sluice::sql
