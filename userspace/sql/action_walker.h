// SPDX-License-Identifier: Apache-2.0
// Visits every node of a statement's tree and collects what it does. A node type that is not known
// here by name makes the statement unknown.
#pragma once

#include <span>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "sql/facts.h"
#include "sql/parse_tree.h"
#include "sql/session_names.h"

namespace sluice::sql {

class ActionWalker {
 public:
  ActionWalker(Facts& facts, const SessionNames& names) : facts_(facts), names_(names) {}
  void walk(const json::value& value);

 private:
  void visit(const Node& node);
  void children(const Node& node);
  void children_except(const Node& node, std::initializer_list<std::string_view> names);
  bool query(const Node& node);    // SELECT, INSERT, ...; false if it is none
  bool utility(const Node& node);  // the rest that needs more than the table
  bool expression(const Node& node);
  void select(const Node& node);
  void insert(const Node& node);
  void change(const Node& node, Action action);
  void merge(const Node& node);
  void with_clause(const Node& node);
  void relation(const Node& range_var);
  // `columns`: those that an UPDATE sets.
  void target(const Node& range_var, Action how, const std::vector<std::string>& columns = {});
  void unbounded_if(const json::value* where);
  void operators(const json::array& name);
  void operator_named(std::string_view name);
  void type_named(const Node& type_name);
  void keeps_type(const Node& node, std::string_view field);
  void checks_of(std::string_view type);
  void defaults_of(std::string_view type);
  void type_in_option(const Node& option);
  void keeps_types();
  void operator_class(const json::array& name);
  void collation(const json::array& name);
  void like(const Node& range_var, bool with_expressions);
  void function_call(const Node& node);
  void set_config(const Node& node);
  std::string_view name_of_setting(const Node& select) const;
  // `back`: to what the session began with.
  void setting(std::string_view name, bool back = false);
  void copy(const Node& node);
  void explain(const Node& node);
  void explained_parameters(const Node& query);
  void execute_name(SessionNames::Space space, std::string_view name, std::string_view what);
  void set_variable(const Node& node);
  void path_begins(const Node& value);
  void transaction(const Node& node);
  void owned_by(json::array column);
  void alter_table(const Node& node);
  // object_actions.cpp
  void kind_of_object(std::string_view type);
  void drop(const Node& node);
  void foreign_tables(std::string_view type, const Node& node);
  void moves(std::string_view type, const Node& object, std::string_view new_name);
  bool about_object(const Node& node);
  void named_object(std::string_view type, const Node& object);
  void whole_schema(std::string_view name);
  // tables_below.cpp
  void changes_tables_on(const Node& node);
  void change(std::span<const Relation* const> tables);
  void dropped(const Node& node);
  void said_of(std::string_view type, const Node& object);
  void other_name(std::string_view type, const Node& node);
  void moves_from_under(std::string_view name, const Node& node);
  void altered_table(const Node& node);
  using TablesAbove = std::span<const Relation* const> (Catalog::*)(std::string_view) const;
  void change_above(const Node& range_var, TablesAbove above);
  void every_table();
  void reindex(const Node& node);
  void rights_go_with(std::string_view name);
  void policies_go_with_part_of(const Node& range_var);
  // own_objects.cpp
  void changes_own(const Node& node);
  void not_own(std::string_view type, std::string_view schema, std::string_view name);
  // parts_in_c.cpp
  void part_in_c(std::string_view word, const json::array& function);
  void kept_in_memory(std::string_view type);
  void support_function();
  void cast_of_bytes(const Node& cast);
  // tablespaces.cpp
  void places_files(const Node& node);
  void placed_in(std::string_view tablespace);
  void tablespace_set(const Node& value);
  // given_names.cpp
  void gives_names(const Node& node);
  void gives_name_to_what_runs(const Node& node);
  void gives_other_name(const Node& node);
  void moves_what_runs(std::string_view type, const Node& object, std::string_view new_name);
  // later_calls.cpp
  bool runs_later(const Node& node);
  void create_function(const Node& node);
  void function_name_taken(std::string_view schema, std::string_view name);
  void name_taken(const Node& node);
  void gives_values_away();
  void made_in(std::string_view schema);
  void will_call(const json::array& function);
  void will_be_given_arguments(std::string_view schema, std::string_view name);
  void will_speak(std::string_view schema, std::string_view name);
  void fires(const Node& table, std::string_view schema, std::string_view name);
  void definition(const json::array& elements);
  void define(const Node& node);
  void replace_function(std::string_view schema, std::string_view name);
  void property(const Node& option);
  void dictionary(const json::array& options);

  Facts& facts_;
  const SessionNames& names_;
  std::vector<std::string_view> ctes_;
  std::unordered_set<std::string_view> seen_operators_;
  std::size_t depth_ = 0;
  bool is_half_ = false;              // of a set operation, whose INTO is looked for once
  std::string_view name_of_setting_;  // name_of_setting() of the query that is walked
  bool values_only_ = false;          // inside INSERT: VALUES lists read nothing
  bool types_only_named_ = false;     // here no value becomes one of a type that is written
};

// Operators that the node uses without naming them: "=" of IN (SELECT ...), CASE x WHEN, USING.
std::vector<std::string_view> implied_operators(const Node& node);
// A call that makes values of a type which a value names, so that nothing tells whose checks run:
// what fills a row (a cast may say which), and the input functions of made-up types.
bool casts_unseen(const Node& function_call);
// "a || b".
bool is_concatenation(const Node& node);
// A string that is written there: a text beside a text.
bool is_string_constant(const Node& node);
// The types that a function in FROM gives its columns.
std::vector<Node> column_types_of(const Node& range_function);
// Whether an EXPLAIN really runs what it explains.
bool explain_runs(const Node& explain, Facts& facts);
// Parts of a name: {schema, name}; a database in front is dropped. "" where there is none.
std::pair<std::string_view, std::string_view> split_name(const json::array& parts);
// The last part of the name of what is dropped, renamed or the like; "" where it is of a role, a
// database or the like.
std::string_view name_of_object(const Node& object);
// It says CASCADE.
bool cascades(const Node& dropping);
// What planning a statement may do that would do this.
ActionSet actions_of_planning(const ActionSet& actions);
// What a statement does to tables by what it moves and drops itself.
void settle_moved(Statement& statement);
// Settings by which files are put elsewhere.
bool sets_tablespace(std::string_view lower_case_name);
// Settings by which PostgreSQL reads text, finds names or checks rights.
bool setting_changes_meaning(std::string_view lower_case_name);

}  // namespace sluice::sql
