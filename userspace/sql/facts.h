// SPDX-License-Identifier: Apache-2.0
// Collects what is found out about one statement.
#pragma once

#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "sql/catalog.h"
#include "sql/distinct.h"
#include "sql/effort.h"
#include "sql/functions.h"
#include "sql/limits.h"
#include "sql/statement.h"

namespace sluice::sql {

// Of a table where parts of another one's rows are kept, or an index on it: whose they are its name
// does not say.
bool is_toast(std::string_view schema, std::string_view name);

class Facts {
 public:
  // `effort`: of the text that the statement is part of.
  Facts(Statement& statement, const Catalog& catalog, const Limits& limits, Effort& effort)
      : statement_(statement), catalog_(catalog), limits_(limits), effort_(effort) {}
  // Of a statement within another.
  Facts(Statement& inner, const Facts& outer)
      : Facts(inner, outer.catalog_, outer.limits_, outer.effort_) {
    bodies_ = outer.bodies_;
  }

  const Catalog& catalog() const { return catalog_; }
  const Limits& limits() const { return limits_; }
  Statement& statement() { return statement_; }

  // False: the text is too much work (effort.h); whatever is not looked at then is unknown.
  bool spend(std::size_t looks);
  // The text of a body is going to be read as well: false where it stands in too many others, each
  // of which is still in memory.
  bool enter_body(std::string_view text);
  void action(Action action) { statement_.actions.add(action); }
  void actions(const ActionSet& actions) { statement_.actions.add(actions); }
  // Something that we do not understand: kUnknown, and why.
  void unknown(std::string note);
  void note(std::string note);
  void object(ObjectRef::Kind kind, std::string_view schema, std::string_view name);
  // A relation that the text names: resolved through the catalogue; a view's own reach is added.
  void relation(std::string_view schema, std::string_view name);
  void kin(const ObjectRef& object);
  // The same of one that is changed: `how` is kInsert, kUpdate or kDelete. What rules make of it
  // and what foreign keys pass on is added. `columns`: those that an UPDATE sets; null: not known,
  // any.
  void changed_relation(std::string_view schema, std::string_view name, Action how,
                        const std::vector<std::string>* columns = nullptr);
  // By COPY, which runs no rules and fails where there is no such relation.
  void copied_into(std::string_view schema, std::string_view name);
  // Rows of PostgreSQL's own tables are changed, by name or through a view: then the database means
  // something else, and who may do what. system_catalogs.cpp
  void changes_system_catalog(std::string_view schema, std::string_view name);
  // What is described now is kept, and runs later.
  void keeps() { moment_ = Moment::kLater; }
  Moment moment() const { return moment_; }
  // A function that the text calls: its actions, its name.
  FunctionEffect function(std::string_view schema, std::string_view name);
  void hidden_call(const Function& function);
  // What runs where the parameters and the result of a function of that name have types with
  // checks.
  void checks_of_call(std::string_view function);
  // A value of any type becomes a text, by a cast that somebody may have made.
  void cast_to_text();
  // The catalogue has no such type yet, and somebody has made casts: to what it is made of,
  // perhaps.
  bool may_be_cast_unseen(std::string_view type) const;
  // Its body may call it before the catalogue has it.
  void defines_function(std::string_view name) { defined_ = name; }
  // A name under which something runs, which may have been made meanwhile.
  void runs(MadeName::Kind kind, std::string_view name);
  // A function is given to something that will call it without naming it.
  void function_for_later(std::string_view schema, std::string_view name);
  // Something gets a name; what it does is what the functions do that it is made of.
  void makes(Made made);
  void changes(CatalogChange change);
  void column(ColumnRef column);
  void touches() { statement_.touches_sensitive = true; }
  void searches();
  void copies();
  void use(bool cursor, std::string_view name, bool position = false);
  // Everything that the other statement does, this one does too.
  void include(const Statement& other);

 private:
  void changed(const Relation& relation, Action how, const std::vector<std::string>* columns);
  void changed_below(const std::vector<ObjectRef>& objects, Action how);
  void kin_of(const Relation& relation);
  void reaches(const Statement& definition);
  bool computes_from_own(const Relation& relation);
  void rewritten(const Relation& relation, Action how);
  void objects_of(const Statement& other);
  void computes_like(const Statement& other);
  void names_of(const Statement& other);
  void writes(const Written& written);
  void runs_hidden(const Function& function);
  void read_by_call(std::string_view schema, std::string_view name);
  void read_by(const Function& function);
  void missing(MadeName name);

  Statement& statement_;
  const Catalog& catalog_;
  const Limits& limits_;
  Effort& effort_;
  Distinct<ObjectRef> objects_, kin_;
  Distinct<ColumnRef> columns_;
  Distinct<Written> writes_;
  Distinct<MadeName> runs_;
  std::unordered_set<const Function*> hidden_calls_;
  std::unordered_set<const Statement*> reached_;
  std::string_view defined_;
  Moment moment_ = Moment::kNow;
  std::size_t bodies_ = 0;
};

}  // namespace sluice::sql
