// SPDX-License-Identifier: Apache-2.0
// ActionWalker: statements other than queries that do more or less by what they say.
#include <algorithm>
#include <cctype>
#include <string>

#include "sql/action_walker.h"
#include "sql/do_block.h"

namespace sluice::sql {
namespace {

std::string lower_case(std::string_view text) {
  std::string out{text};
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

bool one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

}  // namespace

bool setting_changes_meaning(std::string_view name) {
  return one_of(name, {"search_path",
                       "role",
                       "session_authorization",
                       "standard_conforming_strings",
                       "backslash_quote",
                       "escape_string_warning",
                       "client_encoding",
                       "names",
                       "session_replication_role",
                       "row_security",
                       "default_transaction_read_only",
                       "transaction_read_only",
                       "check_function_bodies",
                       "transform_null_equals",
                       "quote_all_identifiers",
                       "allow_system_table_mods",
                       "array_nulls",
                       "xmloption",
                       "xmlbinary",
                       "bytea_output",
                       "datestyle",
                       "intervalstyle",
                       "extra_float_digits"});
}

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

void ActionWalker::setting(std::string_view text) {
  const std::string name = lower_case(text);
  facts_.action(Action::kSession);
  facts_.statement().changes_meaning |= setting_changes_meaning(name);
  facts_.statement().changes_reading |=
      one_of(name, {"standard_conforming_strings", "client_encoding", "names"});
  if (one_of(name, {"role", "session_authorization", "session_replication_role", "row_security"}))
    facts_.action(Action::kGrant);
  if (name.ends_with("_preload_libraries") || name == "dynamic_library_path" ||
      name == "allow_system_table_mods")
    facts_.action(Action::kHost);
}

void ActionWalker::set_variable(const Node& node) {
  const std::string name = lower_case(node.text("name"));
  if (name == "transaction" || name == "transaction snapshot" || name.starts_with("transaction_")) {
    facts_.action(Action::kTransaction);
    return;
  }
  setting(name);
  // It sets back neither role nor session_authorization (the server's GUC_NO_RESET_ALL).
  if (node.text("kind") == "VAR_RESET_ALL") {
    facts_.statement().changes_meaning = true;
    facts_.statement().changes_reading = true;
  }
}

void ActionWalker::execute_name(SessionNames::Space space, std::string_view name,
                                std::string_view what) {
  const auto found = names_.find(space, name);
  if (!found)
    return facts_.unknown(std::string{what} + " '" + std::string{name} + "' is not known");
  facts_.include(*found);
}

void ActionWalker::explain(const Node& node) {
  const bool runs = explain_runs(node, facts_);
  Statement inner;
  Facts inner_facts{inner, facts_};
  ActionWalker walker{inner_facts, names_};
  walker.ctes_ = ctes_;
  if (const json::value* query = node.field("query")) walker.walk(*query);
  if (!runs) {
    // Planning reads, and evaluates stable functions; it changes nothing.
    const bool unknown = inner.actions.has(Action::kUnknown);
    inner.actions = {Action::kRead};
    if (unknown) inner.actions.add(Action::kUnknown);
    inner.unbounded = false;
  }
  facts_.include(inner);
}

void ActionWalker::copy(const Node& node) {
  const bool from = node.flag("is_from");
  if (node.has("filename") || node.flag("is_program")) facts_.action(Action::kHost);
  facts_.action(from ? Action::kCopyIn : Action::kCopyOut);
  facts_.action(from ? Action::kInsert : Action::kRead);
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
        subtype.starts_with("AT_EnableTrig") || subtype.starts_with("AT_DisableTrig") ||
        subtype.find("Rule") != std::string_view::npos)
      facts_.action(Action::kGrant);
    if (subtype == "AT_SetTableSpace" || subtype == "AT_GenericOptions")
      facts_.action(Action::kHost);
  }
  children(node);
}

bool ActionWalker::utility(const Node& node) {
  const std::string_view tag = node.tag();
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
    children(node);
  } else if (about_object(node)) {
    return true;
  } else if (runs_later(node)) {
    return true;
  } else if (tag == "CompositeTypeStmt" || tag == "CreateStmt") {
    for (const char* list : {"coldeflist", "tableElts"})
      for (const auto& item : node.list(list)) {
        const Node type = Node{&item}.node_as("typeName", "TypeName");
        const std::string_view name = split_name(type.list("names")).second;
        facts_.statement().blinds |= !facts_.catalog().hidden_calls_of_cast(name).empty();
      }
    children(node);
  } else if (tag == "CallStmt") {
    function_call(node.node_as("funccall", "FuncCall"));
  } else if (tag == "DropOwnedStmt") {
    facts_.statement().unbounded = true;
  } else if (tag == "DiscardStmt") {
    if (node.text("target") == "DISCARD_ALL") {
      facts_.statement().changes_meaning = true;
      facts_.action(Action::kGrant);
    }
  } else if (tag == "PrepareStmt" || tag == "DeclareCursorStmt" || tag == "CreateTableAsStmt" ||
             tag == "ViewStmt") {
    if (const json::value* query = node.field("query")) walk(*query);
    children_except(node, {"query"});
  } else {
    return false;
  }
  return true;
}

}  // namespace sluice::sql
