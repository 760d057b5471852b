// SPDX-License-Identifier: Apache-2.0
#include "sql/action_walker.h"

#include <string>

#include "sql/do_block.h"
#include "sql/predicates.h"
#include "sql/statement_table.h"
#include "sql/words.h"

namespace sluice::sql {
std::pair<std::string_view, std::string_view> split_name(const json::array& parts) {
  if (parts.empty()) return {};
  const std::string_view name = string_of(parts[parts.size() - 1]);
  if (parts.size() == 1) return {{}, name};
  return {string_of(parts[parts.size() - 2]), name};
}

void ActionWalker::walk(const json::value& value) {
  if (depth_ > facts_.limits().tree_depth_max * 3)
    return facts_.unknown("the statement is nested too deeply");
  if (!facts_.spend(1)) return;
  ++depth_;
  if (value.is_array()) {
    for (const auto& item : value.get_array()) walk(item);
  } else if (value.is_object()) {
    visit(Node{&value});
  }
  --depth_;
}

std::vector<std::string_view> implied_operators(const Node& node) {
  const bool subselect = node.is("SubLink") && node.has("testexpr") && !node.has("operName");
  const bool simple_case = node.is("CaseExpr") && node.has("arg");
  const bool join = node.is("JoinExpr") && (node.has("usingClause") || node.flag("isNatural"));
  if (subselect || simple_case || join) return {"="};
  if (node.is("A_Expr") && node.text("kind").find("BETWEEN") != std::string_view::npos)
    return {"<", "<=", ">", ">="};
  return {};
}

bool casts_unseen(const Node& call) {
  const std::string_view name = split_name(call.list("funcname")).second;
  for (const char* input : {"domain_in", "array_in", "record_in", "range_in", "multirange_in",
                            "pg_input_is_valid", "pg_input_error_info"})
    if (name == input) return true;
  const auto& given = call.list("args");
  return fills_rows(name) && !(!given.empty() && Node{&given[0]}.is("TypeCast"));
}

bool is_concatenation(const Node& node) {
  return node.is("A_Expr") && split_name(node.list("name")).second == "||";
}

bool is_string_constant(const Node& node) { return node.is("A_Const") && node.has("sval"); }

namespace {

// What "a || b" makes is a text, or no text is beside it: it stands for itself.
bool may_be_cast(const Node& operand) {
  return !is_string_constant(operand) && !is_concatenation(operand);
}

// LIKE ... INCLUDING CONSTRAINTS, DEFAULTS, GENERATED, INDEXES, STATISTICS (PostgreSQL's
// parsenodes.h).
constexpr std::int64_t kTakesExpressions = 4 | 8 | 16 | 64 | 128;

// Of UPDATE, of ON CONFLICT DO UPDATE, of MERGE.
std::vector<std::string> columns_set_by(const Node& node) {
  std::vector<std::string> columns;
  for (const auto& target : node.list("targetList"))
    columns.emplace_back(Node{&target}.text("name"));
  return columns;
}

}  // namespace

std::vector<Node> column_types_of(const Node& range_function) {
  std::vector<Node> types;
  const auto add = [&types](const json::array& definitions) {
    for (const auto& definition : definitions)
      types.push_back(Node{&definition}.node_as("typeName", "TypeName"));
  };
  add(range_function.list("coldeflist"));
  for (const auto& function : range_function.list("functions")) {
    const auto& pair = Node{&function}.list("items");  // the call, and "AS (a int, b text)"
    if (pair.size() > 1) add(Node{&pair[1]}.list("items"));
  }
  return types;
}

void ActionWalker::operators(const json::array& name) { operator_named(split_name(name).second); }

void ActionWalker::operator_named(std::string_view name) {
  if (name.empty() || !seen_operators_.insert(name).second) return;
  facts_.runs(MadeName::Kind::kOperator, name);
  for (const Function* function : facts_.catalog().hidden_calls_of_operator(name)) {
    facts_.hidden_call(*function);
    if (facts_.catalog().any_hidden_cast() && fills_rows(function->name))
      facts_.unknown("the operator " + std::string{name} +
                     " may run checks of a type that is not named");
  }
}

void ActionWalker::type_named(const Node& type_name) {
  const std::string_view name = split_name(type_name.list("names")).second;
  const auto hidden = facts_.catalog().hidden_calls_of_cast(name);
  facts_.runs(MadeName::Kind::kType, name);
  if (!type_name.flag("pct_type") && facts_.may_be_cast_unseen(name))
    facts_.unknown("which casts of users run for type " + std::string{name} + " is not known yet");
  if (!facts_.spend(hidden.size())) return;
  for (const Function* function : hidden) facts_.hidden_call(*function);
}

// A value of the type in that field will run its checks, whoever brings it. No cast is made here.
void ActionWalker::keeps_type(const Node& node, std::string_view field) {
  const Node type = node.node_as(field, "TypeName");
  if (!type) return;
  checks_of(split_name(type.list("names")).second);
  children(type);
}

// A column of that type, whose default may be the type's own.
void ActionWalker::defaults_of(std::string_view type) {
  for (const Oid oid : facts_.catalog().types_named(type)) {
    const auto called = facts_.catalog().calls_of_default(oid);
    if (!facts_.spend(1 + called.size())) return;
    for (const Function* function : called) facts_.hidden_call(*function);
  }
}

// "stype = t[]": what is made gets values of it, by whatever they are written as.
void ActionWalker::type_in_option(const Node& option) {
  const Node type = option.node("arg");
  const std::string_view name = split_name(type.list("names")).second;
  facts_.runs(MadeName::Kind::kType, name);
  kept_in_memory(name);
  checks_of(name);
  children(type);
}

void ActionWalker::checks_of(std::string_view type) {
  const auto checks = facts_.catalog().checks_of_type(type);
  if (!facts_.spend(checks.size())) return;
  for (const Function* function : checks) facts_.hidden_call(*function);
}

// What is made of a query has columns of the types that those of its tables have, any of them: so
// has its row, and whatever becomes one runs their checks.
void ActionWalker::keeps_types() {
  std::vector<const Function*> checks;
  for (const ObjectRef& object : facts_.statement().objects) {
    if (object.kind != ObjectRef::Kind::kTable) continue;
    for (const Relation* relation : facts_.catalog().relations_named(object.name)) {
      if (!object.schema.empty() && relation->schema != object.schema) continue;
      if (!facts_.spend(relation->columns.size())) return;
      for (const Column& column : relation->columns) {
        for (const auto of_type : {facts_.catalog().checks_of_type(column.type),
                                   facts_.catalog().calls_of_default(column.type)}) {
          if (!facts_.spend(of_type.size())) return;
          checks.insert(checks.end(), of_type.begin(), of_type.end());
        }
      }
    }
  }
  for (const Function* function : checks) facts_.hidden_call(*function);
  facts_.statement().blinds |= !checks.empty();
  // So are those that it casts to.
  for (const MadeName& run : facts_.statement().runs)
    if (run.kind == MadeName::Kind::kType) defaults_of(run.name);
}

// A new table with the columns of that one, and perhaps with its defaults, checks and indexes: what
// these call is called by who writes to the new one, of whom rules for the other say nothing.
void ActionWalker::like(const Node& range_var, bool with_expressions) {
  const std::string_view schema = range_var.text("schemaname");
  for (const Relation* relation : facts_.catalog().relations_named(range_var.text("relname"))) {
    if (!relation->may_be_in(schema)) continue;
    if (!facts_.spend(relation->columns.size())) return;
    for (const Column& column : relation->columns)
      for (const auto of_type : {facts_.catalog().checks_of_type(column.type),
                                 facts_.catalog().calls_of_default(column.type)})
        for (const Function* function : of_type) facts_.hidden_call(*function);
    if (!with_expressions) continue;
    const auto called =
        facts_.catalog().calls_of_table(relation->same_as == 0 ? relation->oid : relation->same_as);
    if (!facts_.spend(called.size())) return;
    for (const Function* function : called) facts_.hidden_call(*function);
  }
}

void ActionWalker::operator_class(const json::array& name) {
  for (const Function* function :
       facts_.catalog().hidden_calls_of_operator_class(split_name(name).second))
    facts_.hidden_call(*function);
}

void ActionWalker::visit(const Node& node) {
  // "x = ANY (SELECT ...)" and "ORDER BY x USING <" name operators too.
  operators(node.list("operName"));
  operators(node.list("useOp"));
  for (const auto name : implied_operators(node)) operator_named(name);
  // No other node has names in this field.
  if ((node.tag().empty() && node.has("names")) || node.is("TypeName")) {
    if (!types_only_named_) type_named(node);
    return children(node);
  }
  if (node.tag().empty()) {
    if (node.has("relname")) return relation(node);
    return children(node);
  }
  if (const StatementRow* row = statement_row(node.tag())) {
    facts_.actions(row->actions);
    facts_.statement().blinds |= defines_what_runs(node.tag());
    gives_names(node);
    changes_tables_on(node);
    if (row->actions.has(Action::kDdl)) changes_own(node), places_files(node);
    const bool around = std::exchange(types_only_named_, names_types_only(node.tag()));
    if (!query(node) && !utility(node)) children(node);
    types_only_named_ = around;
    return;
  }
  if (expression(node)) return;
  if (!is_plain_node(node.tag()))
    facts_.unknown("the syntax '" + std::string{node.tag()} + "' is not understood");
  children(node);
}

void ActionWalker::children(const Node& node) { children_except(node, {}); }

void ActionWalker::children_except(const Node& node,
                                   std::initializer_list<std::string_view> names) {
  for (const auto& pair : *node.fields()) {
    bool skip = false;
    for (const auto name : names)
      skip |= std::string_view{pair.key().data(), pair.key().size()} == name;
    if (!skip) walk(pair.value());
  }
}

bool ActionWalker::query(const Node& node) {
  const std::size_t ctes = ctes_.size();
  const bool values_only = std::exchange(values_only_, false);
  if (node.is("SelectStmt")) {
    values_only_ = values_only;
    select(node);
  } else if (node.is("InsertStmt")) {
    insert(node);
  } else if (node.is("UpdateStmt")) {
    change(node, Action::kUpdate);
  } else if (node.is("DeleteStmt")) {
    change(node, Action::kDelete);
  } else if (node.is("MergeStmt")) {
    merge(node);
  } else {
    values_only_ = values_only;
    return false;
  }
  values_only_ = values_only;
  ctes_.resize(ctes);
  return true;
}

void ActionWalker::with_clause(const Node& node) {
  const Node with = node.node("withClause");
  if (!with) return;
  const auto& ctes = with.list("ctes");
  const auto name = [](const json::value& cte) { return Node{&cte}.text("ctename"); };
  if (with.flag("recursive"))
    for (const auto& cte : ctes) ctes_.push_back(name(cte));
  for (const auto& cte : ctes) {
    children(Node{&cte});
    if (!with.flag("recursive")) ctes_.push_back(name(cte));
  }
}

void ActionWalker::select(const Node& node) {
  const bool in_insert = std::exchange(values_only_, false);
  const bool into = !std::exchange(is_half_, false) && into_of(node);
  const std::string_view outer = std::exchange(name_of_setting_, {});
  with_clause(node);
  name_of_setting_ = name_of_setting(node);
  if (!(in_insert && node.has("valuesLists"))) facts_.action(Action::kRead);
  if (into) facts_.action(Action::kDdl);
  if (node.has("lockingClause")) facts_.action(Action::kTransaction);
  for (const char* side : {"larg", "rarg"})
    if (const Node half = node.node_as(side, "SelectStmt")) {
      const std::size_t ctes = ctes_.size();
      is_half_ = true;
      select(half);
      ctes_.resize(ctes);
    }
  // What INTO makes is a table, also where a CTE has its name.
  if (const Node clause = node.node("intoClause")) {
    const Node made = clause.node("rel");
    facts_.relation(made.text("schemaname"), made.text("relname"));
    children_except(clause, {"rel"});
  }
  // The names behind FOR UPDATE OF are aliases.
  children_except(node, {"withClause", "larg", "rarg", "lockingClause", "intoClause"});
  if (into) keeps_types();
  name_of_setting_ = outer;
}

void ActionWalker::insert(const Node& node) {
  with_clause(node);
  facts_.action(Action::kInsert);
  if (node.has("returningList")) facts_.action(Action::kRead);
  target(node.node("relation"), Action::kInsert);
  if (const Node conflict = node.node("onConflictClause"))
    if (conflict.text("action") == "ONCONFLICT_UPDATE") {
      facts_.action(Action::kUpdate);
      target(node.node("relation"), Action::kUpdate, columns_set_by(conflict));
    }
  if (const json::value* source = node.field("selectStmt")) {
    values_only_ = true;
    walk(*source);
    values_only_ = false;
  }
  children_except(node, {"withClause", "relation", "selectStmt"});
}

void ActionWalker::unbounded_if(const json::value* where) {
  const PredicateFinding finding = examine_predicate(where);
  facts_.statement().unbounded |= finding.unbounded;
  facts_.statement().literals_matter |= finding.literals_matter;
}

void ActionWalker::change(const Node& node, Action action) {
  with_clause(node);
  facts_.action(action);
  for (const char* reads : {"returningList", "fromClause", "usingClause"})
    if (node.has(reads)) facts_.action(Action::kRead);
  unbounded_if(node.field("whereClause"));
  target(node.node("relation"), action, columns_set_by(node));
  children_except(node, {"withClause", "relation"});
}

void ActionWalker::merge(const Node& node) {
  with_clause(node);
  facts_.action(Action::kRead);
  const Node into = node.node("relation");
  facts_.relation(into.text("schemaname"), into.text("relname"));
  const PredicateFinding joined = examine_predicate(node.field("joinCondition"));
  facts_.statement().literals_matter |= joined.literals_matter;
  for (const auto& item : node.list("mergeWhenClauses")) {
    const Node when{&item};
    const std::string_view command = when.text("commandType");
    if (command == "CMD_INSERT") {
      facts_.action(Action::kInsert);
      target(into, Action::kInsert);
    } else if (command == "CMD_UPDATE" || command == "CMD_DELETE") {
      const Action how = command == "CMD_UPDATE" ? Action::kUpdate : Action::kDelete;
      facts_.action(how);
      target(into, how, columns_set_by(when));
      if (joined.unbounded) unbounded_if(when.field("condition"));
    } else if (command != "CMD_NOTHING") {
      facts_.unknown("this kind of MERGE is not understood");
    }
  }
  children_except(node, {"withClause", "relation"});
}

void ActionWalker::relation(const Node& range_var) {
  const std::string_view schema = range_var.text("schemaname"), name = range_var.text("relname");
  if (schema.empty() && facts_.spend(ctes_.size()))
    for (const auto cte : ctes_)
      if (cte == name) return;
  facts_.relation(schema, name);
}

// What a statement changes is a relation, also where a CTE has its name.
void ActionWalker::target(const Node& range_var, Action how,
                          const std::vector<std::string>& columns) {
  facts_.changed_relation(range_var.text("schemaname"), range_var.text("relname"), how, &columns);
}

bool ActionWalker::expression(const Node& node) {
  const std::string_view tag = node.tag();
  if (tag == "FuncCall") {
    function_call(node);
  } else if (tag == "RangeVar") {
    relation(node);
  } else if (tag == "CollateClause") {
    collation(node.list("collname"));
    children(node);
  } else if (tag == "A_Expr") {
    operators(node.list("name"));
    if (is_concatenation(node) &&
        (may_be_cast(node.node("lexpr")) || may_be_cast(node.node("rexpr"))))
      facts_.cast_to_text();
    children(node);
  } else if (tag == "ColumnDef") {
    keeps_type(node, "typeName");
    defaults_of(split_name(node.node_as("typeName", "TypeName").list("names")).second);
    children_except(node, {"typeName"});
  } else if (tag == "FunctionParameter") {
    keeps_type(node, "argType");
    children_except(node, {"argType"});
  } else if (tag == "ObjectWithArgs") {
    const bool around = std::exchange(types_only_named_, true);
    children(node);
    types_only_named_ = around;
  } else if (tag == "DefElem" && node.node("arg").is("TypeName")) {
    type_in_option(node);
  } else if (tag == "TableLikeClause") {
    like(node.node_as("relation", "RangeVar"), (node.integer("options") & kTakesExpressions) != 0);
    children(node);
  } else if (tag == "IndexElem" || tag == "PartitionElem") {
    operator_class(node.list("opclass"));
    collation(node.list("collation"));
    children(node);
  } else if (tag == "Constraint") {
    placed_in(node.text("indexspace"));
    for (const auto& item : node.list("exclusions")) {
      const auto& pair = Node{&item}.list("items");  // what, and the operator that excludes
      if (pair.size() > 1) operators(Node{&pair[1]}.list("items"));
    }
    children(node);
  } else if (tag == "RangeFunction") {
    for (const Node& type : column_types_of(node)) type_named(type);
    children(node);
  } else if (tag == "RangeTableSample") {
    const auto [schema, name] = split_name(node.list("method"));
    if (name != "bernoulli" && name != "system")
      facts_.unknown("the sampling method " + std::string{name} + " is not known");
    children(node);
  } else if (tag == "DefElem" && node.text("defname") == "owned_by") {
    owned_by(node.node("arg").list("items"));
  } else if (tag == "CurrentOfExpr") {
    facts_.use(true, node.text("cursor_name"), true);
  } else if (tag == "WithClause") {
    facts_.unknown("WITH stands where it is not understood");
    children(node);
  } else if (tag == "CommonTableExpr") {
    children(node);
  } else {
    return false;
  }
  return true;
}

// What compares and sorts goes by what is called so when it runs.
void ActionWalker::collation(const json::array& name) {
  if (!name.empty()) facts_.runs(MadeName::Kind::kCollation, split_name(name).second);
}

void ActionWalker::function_call(const Node& node) {
  const auto [schema, name] = split_name(node.list("funcname"));
  if (name == "set_config") set_config(node);
  facts_.function(schema, name);
  facts_.checks_of_call(name);
  if (casts_to_text(name)) facts_.cast_to_text();
  if (facts_.catalog().any_hidden_cast() && casts_unseen(node))
    facts_.unknown(std::string{name} + "() may run checks of a type that is not named");
  children_except(node, {"funcname"});
}

}  // namespace sluice::sql
