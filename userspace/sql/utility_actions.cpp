// SPDX-License-Identifier: Apache-2.0
// ActionWalker: statements other than queries that do more or less by what they say.
#include <algorithm>
#include <cctype>
#include <string>

#include "sql/action_walker.h"
#include "sql/do_block.h"
#include "sql/words.h"

namespace sluice::sql {
namespace {

bool one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

// Whose rights a view reads with, and whether conditions may see rows that it does not show.
bool guards_view(std::string_view option) {
  return one_of(option, {"security_barrier", "security_invoker"});
}

}  // namespace

bool explain_runs(const Node& explain, Facts& facts) {
  bool runs = false;
  for (const auto& item : explain.list("options")) {
    const Node option{&item};
    if (lower_case(option.text("defname")) != "analyze") continue;
    const Node argument = option.node("arg");
    if (argument.is("Integer")) {
      facts.statement().literals_matter = true;
      runs = argument.integer("ival") != 0;
    } else {
      const std::string word = lower_case(argument.text("sval"));
      const bool off = argument.is("Boolean") ? !argument.flag("boolval")
                                              : one_of(word, {"off", "false", "no", "f", "n"});
      runs = !argument || !off;
    }
  }
  return runs;
}

void ActionWalker::execute_name(SessionNames::Space space, std::string_view name,
                                std::string_view what) {
  facts_.use(space == SessionNames::Space::kCursor, name);
  const auto found = names_.find(space, name);
  if (!found)
    return facts_.unknown(std::string{what} + " '" + std::string{name} + "' is not known");
  facts_.include(*found);
}

// Of an EXPLAIN that runs nothing: what the explained statement itself would do is not done. What
// it calls may be: planning folds constants, and estimates by the functions of operators.
ActionSet actions_of_planning(const ActionSet& actions) {
  const ActionSet undone{Action::kInsert,      Action::kUpdate, Action::kDelete, Action::kDdl,
                         Action::kTransaction, Action::kCopyIn, Action::kCopyOut};
  ActionSet done = ActionSet::from_bits(actions.bits() & ~undone.bits());
  done.add(Action::kRead);
  return done;
}

void ActionWalker::explain(const Node& node) {
  const bool runs = explain_runs(node, facts_);
  Statement inner;
  Facts inner_facts{inner, facts_};
  ActionWalker walker{inner_facts, names_};
  walker.ctes_ = ctes_;
  if (const json::value* query = node.field("query")) walker.walk(*query);
  if (!runs) {
    inner.actions = actions_of_planning(inner.actions);
    inner.unbounded = false;
    inner.writes.clear();
    inner.makes.clear();
    inner.changes.clear();
  }
  facts_.include(inner);
  if (!runs) explained_parameters(node.node("query"));
}

// Those of EXECUTE are evaluated before there is a plan.
void ActionWalker::explained_parameters(const Node& query) {
  const Node execute = query.is("ExecuteStmt") ? query : query.node("query");
  if (execute.is("ExecuteStmt") && execute.has("params")) walk(*execute.field("params"));
}

void ActionWalker::copy(const Node& node) {
  const bool from = node.flag("is_from");
  if (node.has("filename") || node.flag("is_program")) facts_.action(Action::kHost);
  facts_.action(from ? Action::kCopyIn : Action::kCopyOut);
  facts_.action(from ? Action::kInsert : Action::kRead);
  const Node relation = node.node("relation");
  if (from) {
    facts_.changes_system_catalog(relation.text("schemaname"), relation.text("relname"));
    facts_.copied_into(relation.text("schemaname"), relation.text("relname"));
  }
  children(node);
}

void ActionWalker::transaction(const Node& node) {
  if (one_of(
          node.text("kind"),
          {"TRANS_STMT_BEGIN", "TRANS_STMT_START", "TRANS_STMT_COMMIT", "TRANS_STMT_ROLLBACK",
           "TRANS_STMT_SAVEPOINT", "TRANS_STMT_RELEASE", "TRANS_STMT_ROLLBACK_TO",
           "TRANS_STMT_PREPARE", "TRANS_STMT_COMMIT_PREPARED", "TRANS_STMT_ROLLBACK_PREPARED"})) {
    if (node.text("kind") == "TRANS_STMT_COMMIT_PREPARED") {
      // Whatever that transaction has made is there from now on.
      facts_.statement().blinds = true;
      facts_.statement().makes_anything = true;
      facts_.statement().changes_meaning = true;
    }
    return;
  }
  facts_.unknown("this transaction statement is not understood");
}

void ActionWalker::alter_table(const Node& node) {
  for (const auto& item : node.list("cmds")) {
    const Node command{&item};
    const std::string_view subtype = command.text("subtype");
    if (subtype == "AT_DropColumn") facts_.statement().blinds = true;
    if (subtype == "AT_ChangeOwner" || subtype.find("RowSecurity") != std::string_view::npos ||
        subtype.find("Trig") != std::string_view::npos ||
        subtype.find("Rule") != std::string_view::npos)
      facts_.action(Action::kGrant);
    if (one_of(subtype, {"AT_SetRelOptions", "AT_ResetRelOptions", "AT_ReplaceRelOptions"}))
      for (const auto& option : command.node("def").list("items"))
        if (guards_view(Node{&option}.text("defname"))) facts_.action(Action::kGrant);
    // What the rows have is cast to it.
    if (subtype == "AT_AlterColumnType")
      type_named(command.node("def").node_as("typeName", "TypeName"));
    // Each row gets a value that the statement computes.
    if (subtype == "AT_AlterColumnType" && command.node("def").node("raw_default")) {
      facts_.action(Action::kUpdate);
      facts_.statement().unbounded = true;
    }
    if (one_of(subtype, {"AT_SetTableSpace", "AT_GenericOptions", "AT_AlterColumnGenericOptions"}))
      facts_.action(Action::kHost);
  }
  children(node);
}

bool ActionWalker::utility(const Node& node) {
  const std::string_view tag = node.tag();
  if (facts_.statement().actions.has(Action::kDdl)) name_taken(node);
  // What was there runs no more, as where it is dropped.
  if (one_of(tag, {"CreateTrigStmt", "RuleStmt"}) && node.flag("replace"))
    facts_.action(Action::kGrant);
  if (tag == "CopyStmt") {
    copy(node);
  } else if (tag == "ExplainStmt") {
    explain(node);
  } else if (tag == "DoStmt") {
    judge_do(node, facts_, names_);
  } else if (tag == "ExecuteStmt") {
    execute_name(SessionNames::Space::kPrepared, node.text("name"), "prepared statement");
    children(node);
  } else if (tag == "FetchStmt") {
    execute_name(SessionNames::Space::kCursor, node.text("portalname"), "cursor");
  } else if (tag == "VariableSetStmt") {
    set_variable(node);
    children(node);
  } else if (tag == "TransactionStmt") {
    transaction(node);
  } else if (tag == "AlterTableStmt") {
    alter_table(node);
  } else if (tag == "TruncateStmt") {
    facts_.statement().unbounded = true;
    if (node.text("behavior") == "DROP_CASCADE")
      facts_.unknown("TRUNCATE ... CASCADE empties tables that it does not name");
    for (const auto& item : node.list("relations")) {
      const Node relation{&item};
      facts_.changes_system_catalog(relation.text("schemaname"), relation.text("relname"));
    }
    children(node);
  } else if (about_object(node)) {
    return true;
  } else if (runs_later(node)) {
    return true;
  } else if (tag == "CompositeTypeStmt" || tag == "CreateStmt") {
    for (const char* made : {"typevar", "relation"})
      made_in(node.node_as(made, "RangeVar").text("schemaname"));
    keeps_type(node, "ofTypename");
    const std::string_view row = split_name(node.node("ofTypename").list("names")).second;
    for (const Oid type : facts_.catalog().types_named(row))
      for (const Oid field : facts_.catalog().parts_of_type(type))
        defaults_of(facts_.catalog().type_name(field));
    for (const auto& item : node.list("inhRelations")) like(Node{&item}, true);
    for (const char* list : {"coldeflist", "tableElts"})
      for (const auto& item : node.list(list)) {
        const Node type = Node{&item}.node_as("typeName", "TypeName");
        const std::string_view name = split_name(type.list("names")).second;
        facts_.statement().blinds |= !facts_.catalog().hidden_calls_of_cast(name).empty();
      }
    children_except(node, {"ofTypename"});
  } else if (tag == "CallStmt") {
    function_call(node.node_as("funccall", "FuncCall"));
  } else if (tag == "DropOwnedStmt") {
    facts_.statement().unbounded = true;
  } else if (tag == "DiscardStmt") {
    const bool all = node.text("target") == "DISCARD_ALL";
    facts_.statement().changes_meaning |= all;
    facts_.statement().changes_reading |= all;
  } else if (tag == "PrepareStmt") {
    if (const json::value* query = node.field("query")) walk(*query);
    children_except(node, {"query"});  // EXECUTE casts what it is given to the types
  } else if (tag == "DeclareCursorStmt" || tag == "CreateTableAsStmt" || tag == "ViewStmt") {
    made_in(node.node_as("view", "RangeVar").text("schemaname"));
    if (const json::value* query = node.field("query")) walk(*query);
    children_except(node, {"query"});
    if (tag != "DeclareCursorStmt") keeps_types();
  } else if (tag == "CreateDomainStmt") {
    made_in(split_name(node.list("domainname")).first);
    keeps_type(node, "typeName");
    defaults_of(split_name(node.node("typeName").list("names")).second);
    children_except(node, {"typeName"});
  } else if (tag == "CreateEnumStmt") {
    made_in(split_name(node.list("typeName")).first);
    children(node);
  } else {
    return false;
  }
  return true;
}

}  // namespace sluice::sql
