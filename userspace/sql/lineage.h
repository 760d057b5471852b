// SPDX-License-Identifier: Apache-2.0
// Column lineage: follows values from base columns through a statement to its result, and notes
// where a sensitive one is searched by or copied. What cannot be followed is opaque.
#pragma once

#include <deque>
#include <string_view>
#include <utility>
#include <vector>

#include "sql/describe.h"
#include "sql/facts.h"
#include "sql/parse_tree.h"
#include "sql/rows.h"

namespace sluice::sql {

// A name of the FROM clause.
struct Source {
  std::string_view name;           // empty: it may have any name
  std::shared_ptr<const Row> row;  // as the alias names the columns
  // The same where it is passed on, as a value: a table's row has the names of its type.
  std::shared_ptr<const Row> passed_on;
  bool is_alias = true;          // false: the relation's own name, which a schema may stand before
  std::string_view schema = {};  // that the FROM clause gives
  bool is_table = false;         // has system columns
};

struct Scope {
  const Scope* outer = nullptr;
  std::vector<Source> sources;
  Row columns;                             // what an unqualified name or * sees
  mutable std::size_t sensitive_uses = 0;  // of its sources and columns
};

// Common table expressions in reach, innermost first.
struct Ctes {
  const Ctes* outer = nullptr;
  std::string_view name;
  Row row;
  std::size_t level = 0;  // of the query that has the WITH
};

// What stands before the dot of ".field", which decides what else than a field that may be.
enum class RowOf : std::uint8_t {
  kTable,   // system columns, too
  kSource,  // of FROM: no name twice
  kValue,   // the first of a name
};

struct Composite {
  Value value;
  RowOf of = RowOf::kValue;
};

class Lineage {
 public:
  Lineage(Facts& facts, const DescribeOptions& options) : facts_(facts), options_(options) {}

  // A query or data-modifying statement; nullopt where the node is none. Its result: the target
  // list or RETURNING.
  std::optional<Row> statement(const Node& node);
  // Expressions outside a query: arguments of CALL and EXECUTE, DEFAULT.
  Value free_expression(const json::value& value);
  Row table_columns(const Node& range_var, const json::array& column_names);
  // An expression over the columns of one table and of new ones, which hold nothing yet.
  Value in_table(const Node& range_var, const json::value* expression,
                 const std::vector<std::string_view>& new_columns);
  // The same where the table is new, too: whatever its columns are called, they hold nothing yet.
  // `columns`: all of them, or null where they are not known.
  Value in_new_table(const Node& range_var, const json::value* expression,
                     std::shared_ptr<const Row> columns = nullptr);
  // WHEN of a trigger, WHERE of a rule: OLD and NEW are rows of the table.
  Value in_old_and_new(const Node& range_var, const json::value* expression);
  // WHERE of COPY FROM, over the columns of a table.
  void table_filter(const Node& range_var, const json::value* where);

  bool saw_opaque() const { return saw_opaque_; }
  // A cast that runs a function; what it is given may have been cast without saying so.
  bool saw_hidden_cast() const { return saw_hidden_cast_; }
  // Something is made of a sensitive column, not only shown.
  bool saw_computation() const { return saw_computation_; }
  void copy(const Value& value);
  void copy(const Row& row) { copy(whole(row)); }
  void search(const Value& value);

 private:
  struct FromItem {
    std::vector<Source> sources;
    Row columns;
  };

  // False when the work has been too much: everything is opaque from then on.
  bool spend(std::size_t looks = 1);
  // The row, or an opaque one where it is too much to carry on.
  Row carried(Row row);

  std::string_view name_given_to(const Node& expression) const;

  // lineage_query.cpp
  Row query(const Node& node, const Scope* outer, const Ctes* ctes);
  const Ctes* with(const Node& node, const Scope* outer, const Ctes* ctes);
  Row recursive(const Node& cte, const Scope* outer, const Ctes* ctes);
  Row select(const Node& node, const Scope* outer, const Ctes* ctes, bool half);
  Row values(const json::array& lists, const Scope* outer, const Ctes* ctes);
  Row set_operation(const Node& node, const Scope* outer, const Ctes* ctes);
  Row targets(const json::array& list, const Scope& scope, const Ctes* ctes);
  void star_or_target(const Node& target, const Scope& scope, const Ctes* ctes, Row& out);
  void order(const json::array& list, const Row& outputs, const Scope& scope, const Ctes* ctes);
  void search_list(const json::array& list, const Scope& scope, const Ctes* ctes);

  // lineage_change.cpp
  Row insert(const Node& node, const Scope* outer, const Ctes* ctes);
  Row update(const Node& node, const Scope* outer, const Ctes* ctes);
  Row remove(const Node& node, const Scope* outer, const Ctes* ctes);
  Row merge(const Node& node, const Scope* outer, const Ctes* ctes);
  Scope target_scope(const Node& range_var, const Scope* outer);
  void assign(const json::array& list, const Node& target, const Scope& scope, const Ctes* ctes);
  void subscripts(const Node& target, const Scope& scope, const Ctes* ctes);
  Row returning(const Node& node, Scope& scope, const Ctes* ctes);
  bool rule_returns_sensitive(const Node& range_var) const;

  // lineage_from.cpp
  void from(const json::array& list, Scope& scope, const Ctes* ctes);
  FromItem from_item(const Node& node, const Scope* outer, const Scope& lateral, const Ctes* ctes);
  FromItem any_item(const Node& node, const Scope* outer, const Scope& lateral, const Ctes* ctes);
  FromItem from_relation(const Node& node, const Ctes* ctes);
  FromItem from_table(Row row, const Node& node);
  void may_be_transition(FromItem& item, const Node& node);
  FromItem from_function(const Node& node, const Scope& lateral, const Ctes* ctes);
  FromItem from_xml_table(const Node& node, const Scope& lateral, const Ctes* ctes);
  FromItem from_join(const Node& node, const Scope* outer, const Scope& lateral, const Ctes* ctes);
  void join_columns(const Node& node, const FromItem& left, const FromItem& right, Row& merged,
                    Row& columns);
  Row readable_row(std::string_view schema, std::string_view name);
  Row relation_row(std::string_view schema, std::string_view name);
  Row function_row(const json::value* call, std::string_view alias, const Scope& scope,
                   const Ctes* ctes);
  static std::size_t sensitive_uses(const Scope& lateral, const Scope* outer);
  static FromItem named(Row row, const Node& alias, std::string_view own_name, bool is_table);

  // lineage_expression.cpp
  Value evaluate(const json::value* value, const Scope& scope, const Ctes* ctes);
  Value evaluate_all(const json::value& value, const Scope& scope, const Ctes* ctes);
  Value function_call(const Node& node, const Scope& scope, const Ctes* ctes);
  bool counts_rows(const Node& call, const Scope& scope);
  Value sublink(const Node& node, const Scope& scope, const Ctes* ctes);
  Value in_turn(const std::vector<const json::value*>& operands, const Scope& scope,
                const Ctes* ctes);
  Value null_tests(const std::vector<const json::value*>& operands, const Scope& scope,
                   const Ctes* ctes);
  Value case_expression(const Node& node, const Scope& scope, const Ctes* ctes);
  Value row_expression(const Node& node, const Scope& scope, const Ctes* ctes);

  // lineage_names.cpp
  Value column_reference(const json::array& parts, const Scope& scope);
  Composite composite(const json::value* value, const Scope& scope, const Ctes* ctes);
  std::optional<Value> unqualified(std::string_view name, const Scope& scope);
  void used(const Value& value);
  const Source* source_named(std::string_view name, const Scope& scope);
  std::optional<Source> source_before(const json::array& parts, const Scope& scope);
  Value field_of(const Row& row, std::string_view name, RowOf of, bool& found);
  Value unresolved(std::string_view name);
  std::optional<Value> trigger_row(const json::array& parts) const;
  bool calls_by_field(std::string_view name);
  Value use(const Field& field);
  Row star(const json::array& parts, const Scope& scope);
  Value indirection(const Node& node, const Scope& scope, const Ctes* ctes);

  // lineage_unseen.cpp
  bool runs_hidden_operator(const Node& node) const;
  bool runs_hidden_cast(const Node& type_name) const;
  Value cast_unseen(const Value& value);
  Value concatenation(const Node& node, const Scope& scope, const Ctes* ctes);
  bool is_text_column(const Value& value) const;

  Facts& facts_;
  const DescribeOptions& options_;
  std::deque<Ctes> cte_store_;
  std::size_t depth_ = 0;
  std::size_t level_ = 0;  // of queries in queries
  bool is_half_ = false;   // of a set operation, whose INTO is looked for once
  bool saw_opaque_ = false;
  bool saw_hidden_cast_ = false;
  bool saw_computation_ = false;
  // Calls, subqueries and readings of which one can see elsewhere that they ran.
  std::size_t traces_ = 0;
  // Where the last name was found that stands for a source: the nearest and the farthest.
  const Scope* nearest_ = nullptr;
  const Scope* farthest_ = nullptr;
};

std::vector<std::string_view> strings_of(const json::array& list);

}  // namespace sluice::sql
