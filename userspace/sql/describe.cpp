// SPDX-License-Identifier: Apache-2.0
#include "sql/describe.h"

#include <algorithm>
#include <string>

#include "sql/action_walker.h"
#include "sql/catalog_changes.h"
#include "sql/coercions.h"
#include "sql/copied_columns.h"
#include "sql/copy_options.h"
#include "sql/definitions.h"
#include "sql/lineage.h"
#include "sql/made_names.h"
#include "sql/statement_table.h"
#include "sql/temporaries.h"
#include "sql/untyped_strings.h"
#include "sql/users_code.h"
#include "sql/words.h"

namespace sluice::sql {
namespace {

constexpr std::int64_t kCursorOptionHold = 0x0020;  // PostgreSQL's parsenodes.h

StatementKind transaction_kind(std::string_view kind) {
  using K = StatementKind;
  static constexpr std::pair<std::string_view, StatementKind> kKinds[] = {
      {"TRANS_STMT_BEGIN", K::kBegin},
      {"TRANS_STMT_START", K::kBegin},
      {"TRANS_STMT_COMMIT", K::kCommit},
      {"TRANS_STMT_COMMIT_PREPARED", K::kCommitPrepared},
      {"TRANS_STMT_ROLLBACK", K::kRollback},
      {"TRANS_STMT_ROLLBACK_PREPARED", K::kRollbackPrepared},
      {"TRANS_STMT_SAVEPOINT", K::kSavepoint},
      {"TRANS_STMT_RELEASE", K::kReleaseSavepoint},
      {"TRANS_STMT_ROLLBACK_TO", K::kRollbackToSavepoint},
      {"TRANS_STMT_PREPARE", K::kPrepareTransaction},
  };
  for (const auto& [text, value] : kKinds)
    if (text == kind) return value;
  return K::kOther;
}

// The one literal that SET was given, as text.
void name_setting(const Node& node, Statement& statement) {
  statement.name = lower_case(node.text("name"));
  const std::string_view kind = node.text("kind");
  if (kind == "VAR_RESET" || kind == "VAR_RESET_ALL") {
    statement.kind = StatementKind::kReset;
    return;
  }
  const auto& arguments = node.list("args");
  if (arguments.size() != 1) return;
  const Node constant{&arguments[0]};
  if (constant.is("A_Const") && constant.has("sval"))
    statement.value = std::string{constant.node("sval").text("sval")};
  if (const auto number = integer_constant(constant)) {
    statement.value = std::to_string(*number);
    statement.literals_matter = true;
  }
}

void name_statement(const Node& node, Statement& statement) {
  using K = StatementKind;
  const StatementRow* row = statement_row(node.tag());
  statement.kind = row ? row->kind : K::kOther;
  switch (statement.kind) {
    case K::kSelect:
      if (into_of(node)) statement.kind = K::kCreateTableAs;
      break;
    case K::kPrepare:
    case K::kExecute:
    case K::kDeallocate:
    case K::kShow: statement.name = std::string{node.text("name")}; break;
    case K::kDeclareCursor:
      statement.with_hold = (node.integer("options") & kCursorOptionHold) != 0;
      [[fallthrough]];
    case K::kFetch:
    case K::kCloseCursor: statement.name = std::string{node.text("portalname")}; break;
    case K::kListen:
    case K::kUnlisten:
    case K::kNotify: statement.name = std::string{node.text("conditionname")}; break;
    case K::kDiscard:
      statement.name = node.text("target") == "DISCARD_ALL" ? "ALL" : "";
      if (node.text("target") == "DISCARD_ALL") break;
      statement.name = std::string{node.text("target")};
      break;
    case K::kSet: name_setting(node, statement); break;
    default: break;
  }
  if (node.is("TransactionStmt")) {
    statement.kind = transaction_kind(node.text("kind"));
    statement.name = std::string{node.text(node.has("gid") ? "gid" : "savepoint_name")};
    statement.literals_matter = node.has("gid");
  }
  if (node.is("CopyStmt"))
    statement.kind = node.has("filename") || node.flag("is_program") ? K::kCopyServer
                     : node.flag("is_from")                          ? K::kCopyIn
                                                                     : K::kCopyOut;
}

// Turns the row that lineage found into what the session acts on.
class Tracer {
 public:
  Tracer(Facts& facts, const SessionNames& names, const DescribeOptions& options)
      : facts_(facts), names_(names), options_(options), lineage_(facts, options) {}

  void trace_statement(const Node& node) {
    trace(node);
    facts_.statement().computes_opaque |= lineage_.saw_opaque();
    facts_.statement().computes_sensitive |= lineage_.saw_computation();
    if (lineage_.saw_hidden_cast() && facts_.statement().touches_sensitive)
      lineage_.copy(opaque_value());
  }

 private:
  void trace(const Node& node) {
    if (const auto row = lineage_.statement(node)) {
      const bool returns =
          node.is("SelectStmt") ? !into_of(node) : !node.list("returningList").empty();
      if (returns) give(*row);
      if (node.is("SelectStmt")) keeps(into_of(node), *row);
      return;
    }
    if (node.is("PrepareStmt") || node.is("DeclareCursorStmt"))
      trace(node.node("query"));
    else if (node.is("CreateTableAsStmt") || node.is("ViewStmt"))
      store(node);
    else if (node.is("CopyStmt"))
      copy(node);
    else if (node.is("ExplainStmt"))
      explain(node);
    else if (node.is("ExecuteStmt"))
      repeat(SessionNames::Space::kPrepared, node, node.text("name"));
    else if (node.is("FetchStmt"))
      repeat(SessionNames::Space::kCursor, node, node.text("portalname"));
    else if (node.is("CallStmt"))
      call(node);
    else if (node.is("VariableShowStmt"))
      all_clear();
    else if (node.is("RuleStmt") || node.is("CreateSchemaStmt"))
      embedded(node);
    facts_.keeps();
    trace_definition(node, facts_, lineage_, names_);
  }

  void give(const Row& row) {
    Statement& statement = facts_.statement();
    const Value all = whole(row);
    if (!facts_.catalog().any_sensitive() || (row.rest && !all.sensitive())) {
      all_clear();
      statement.clear_of_session = all.of_session;
      return;
    }
    if (row.rest) {
      statement.lineage = ResultLineage::kUnknown;
      facts_.touches();
      return;
    }
    statement.lineage = ResultLineage::kByColumn;
    statement.outputs.clear();
    statement.outputs.reserve(row.fields.size());
    for (const Field& field : row.fields) {
      OutputColumn output;
      output.kind = static_cast<OutputColumn::Kind>(field.value.taint);
      output.mask = field.value.taint == Taint::kColumn ? field.value.mask : MaskKind::kRedact;
      output.relation = field.value.relation;
      output.attnum = field.value.attnum;
      output.traced = field.value.traced;
      output.of_session = field.value.of_session;
      output.name = std::string{field.name};
      statement.outputs.push_back(std::move(output));
    }
  }

  void all_clear() {
    facts_.statement().lineage = ResultLineage::kAllClear;
    facts_.statement().outputs.clear();
  }

  // CREATE TABLE AS, CREATE VIEW: whatever the query gives is kept.
  void store(const Node& node) {
    const Node query = node.node("query");
    if (const auto row = lineage_.statement(query)) {
      lineage_.copy(*row);
      if (!node.flag("if_not_exists")) keeps(node.node("into"), *row);
    } else if (query.is("ExecuteStmt")) {
      if (!repeat(SessionNames::Space::kPrepared, query, query.text("name")))
        lineage_.copy(opaque_value());
      for (const OutputColumn& output : facts_.statement().outputs)
        if (!output.clear()) lineage_.copy(opaque_value());
      if (facts_.statement().lineage == ResultLineage::kUnknown) lineage_.copy(opaque_value());
      facts_.statement().lineage = ResultLineage::kNoRows;
      facts_.statement().outputs.clear();
    }
  }

  // In a body names may be variables', and what they hold nobody follows.
  void keeps(const Node& into, const Row& row) {
    if (into && !options_.plpgsql_variables && !options_.trigger_rows)
      columns_of_query(into, row, facts_);
  }

  void copy(const Node& node) {
    const Node relation = node.node("relation");
    if (node.flag("is_from")) return lineage_.table_filter(relation, node.field("whereClause"));
    std::optional<Row> row;
    if (relation)
      row = lineage_.table_columns(relation, node.list("attlist"));
    else
      row = lineage_.statement(node.node("query"));
    if (!row) row = opaque_row();
    if (node.has("filename") || node.flag("is_program")) {
      lineage_.copy(*row);
    } else {
      give(*row);
      facts_.statement().copy_format = copy_format_of(node);
      for (const auto& option : node.list("options"))  // HEADER 1
        facts_.statement().literals_matter |= Node{&option}.node("arg").is("Integer");
    }
  }

  // A plan shows the text of the statement, estimates, and what was computed while planning.
  void explain(const Node& node) {
    const Node query = node.node("query");
    trace(query);
    const Statement& statement = facts_.statement();
    // How often each part ran, where it did, and how much was written.
    const bool runs = explain_runs(node, facts_);
    const bool of_sensitive = runs && names_sensitive_table(statement);
    const bool counts = runs && (statement.computes_sensitive || lineage_.saw_computation() ||
                                 (of_sensitive && changes_rows(statement)));
    const bool tells = counts || statement.searches_sensitive || statement.computes_opaque ||
                       lineage_.saw_opaque() || statement.actions.has(Action::kUnknown);
    Row plan;
    plan.fields.push_back({"QUERY PLAN", tells ? changed(opaque_value()) : clear_value(), nullptr});
    give(plan);
    if (!of_sensitive || tells) return;
    OutputColumn counted;
    counted.kind = OutputColumn::Kind::kCounted;
    facts_.statement().outputs = {std::move(counted)};
    facts_.statement().lineage = ResultLineage::kByColumn;
  }

  // The server logs what differs between the old row and the new one, puts nothing into an index
  // whose columns stay as they were, and checks only keys that change.
  static bool changes_rows(const Statement& statement) {
    const auto has = [&](Action action) { return statement.actions.has(action); };
    return has(Action::kInsert) || has(Action::kUpdate) || has(Action::kDelete);
  }

  bool names_sensitive_table(const Statement& statement) {
    return std::any_of(
        statement.objects.begin(), statement.objects.end(), [&](const ObjectRef& object) {
          const auto relations = facts_.catalog().relations_named(object.name);
          if (object.kind != ObjectRef::Kind::kTable || !facts_.spend(relations.size()))
            return false;
          return std::any_of(relations.begin(), relations.end(),
                             [](const Relation* relation) { return relation->any_sensitive(); });
        });
  }

  bool repeat(SessionNames::Space space, const Node& node, std::string_view name) {
    for (const auto& parameter : node.list("params"))
      lineage_.copy(lineage_.free_expression(parameter));
    const auto found = names_.find(space, name);
    if (!found) {
      facts_.statement().lineage = ResultLineage::kUnknown;
      return false;
    }
    facts_.statement().lineage = found->lineage;
    if (facts_.spend(Effort::kPerCopy * found->outputs.size()))
      facts_.statement().outputs = found->outputs;
    return true;
  }

  void call(const Node& node) {
    const Node function = node.node_as("funccall", "FuncCall");
    for (const auto& argument : function.list("args"))
      lineage_.copy(lineage_.free_expression(argument));
    // A procedure with OUT parameters returns one row of them.
    facts_.statement().lineage =
        facts_.catalog().any_sensitive() ? ResultLineage::kUnknown : ResultLineage::kAllClear;
  }

  // Statements inside a definition, run later or now.
  void embedded(const Node& node) {
    if (node.is("RuleStmt")) facts_.keeps();
    for (const auto& item : node.list("actions"))
      if (const auto row = lineage_.statement(Node{&item})) lineage_.copy(*row);
    for (const auto& item : node.list("schemaElts")) trace(Node{&item});
  }

  Facts& facts_;
  const SessionNames& names_;
  const DescribeOptions& options_;
  Lineage lineage_;
};

// What runs elsewhere, whatever it calls itself.
bool may_set_search_path(const Statement& statement, const Catalog& catalog) {
  // Where any name may be anything, every statement is unknown.
  const bool unknown = catalog.any_name_is_unknown() ? statement.changes_meaning
                                                     : statement.actions.has(Action::kUnknown);
  if (unknown) return true;
  return statement.actions.has(Action::kCall) &&
         std::any_of(statement.objects.begin(), statement.objects.end(),
                     [&](const ObjectRef& object) {
                       if (object.kind != ObjectRef::Kind::kFunction) return false;
                       const auto all = catalog.functions_named(object.name);
                       return !std::all_of(all.begin(), all.end(), [](const Function* one) {
                         return of_postgres(*one) || computes_only(*one);
                       });
                     });
}

// By number it may be another session's, which does not hear of it.
void find_temporary_of_others(Facts& facts) {
  const Statement& statement = facts.statement();
  if (!statement.actions.has(Action::kDdl)) return;
  const bool found =
      std::any_of(statement.objects.begin(), statement.objects.end(), [](const ObjectRef& object) {
        return object.schema.starts_with("pg_temp_") ||
               object.schema.starts_with("pg_toast_temp_") || object.name.starts_with("pg_temp_");
      });
  if (found) facts.unknown("it changes what may be another session's; pg_temp is its own");
}

}  // namespace

void describe(const json::value& value, Facts& facts, const SessionNames& names,
              const DescribeOptions& options) {
  const Node node{&value};
  Statement& statement = facts.statement();
  name_statement(node, statement);
  statement.sets_constraints = node.is("ConstraintsSetStmt");
  ActionWalker{facts, names}.walk(value);
  Tracer{facts, names, options}.trace_statement(node);
  find_coercions(node, facts);
  find_untyped_strings(value, facts);
  find_temporaries_of_calls(facts);
  find_temporary_of_others(facts);
  complete_made(statement);
  complete_changes(statement);
  statement.temporary_first |= may_set_search_path(statement, facts.catalog());
  statement.writes_unseen |= writes_unseen(statement, facts.catalog());
  if (!node.is("RuleStmt")) settle_own_names(statement);  // what it does comes later
  settle_moved(statement);
  if (statement.actions.empty()) facts.unknown("the statement does nothing that is understood");
}

}  // namespace sluice::sql
