// SPDX-License-Identifier: Apache-2.0
// ActionWalker: what it is to change a setting, by SET, RESET or set_config().
#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>

#include "sql/action_walker.h"
#include "sql/words.h"

namespace sluice::sql {
namespace {

bool one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

// Settings by which the server checks rights, finds damage, or runs what was made to be run.
// row_security is none of them: where it is off a policy on rows is an error instead.
bool guards_data(std::string_view setting) {
  return one_of(setting, {"role", "session_authorization", "session_replication_role",
                          "zero_damaged_pages", "ignore_checksum_failure", "ignore_system_indexes",
                          "lo_compat_privileges", "event_triggers", "plpgsql.variable_conflict"});
}

// Back to what the session began with.
bool sets_back(const Node& node) {
  return one_of(node.text("kind"), {"VAR_RESET", "VAR_SET_DEFAULT"});
}

// Settings by which the server loads libraries, writes files (its log is one), or keeps itself
// from being exhausted.
bool is_of_host(std::string_view setting) {
  return setting.ends_with("_preload_libraries") || setting.starts_with("log_") ||
         setting.starts_with("auto_explain.") || setting.starts_with("pgaudit.") ||
         one_of(setting, {"dynamic_library_path", "allow_system_table_mods", "jit_provider",
                          "jit_dump_bitcode", "jit_debugging_support", "jit_profiling_support",
                          "backtrace_functions", "max_stack_depth", "temp_file_limit"});
}

bool is_name_column(const Node& node) {
  const auto& fields = node.list("fields");
  return node.is("ColumnRef") && fields.size() == 1 && string_of(fields[0]) == "name";
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

void ActionWalker::setting(std::string_view text, bool back) {
  const std::string name = lower_case(text);
  facts_.action(Action::kSession);
  facts_.statement().changes_meaning |= setting_changes_meaning(name);
  facts_.statement().changes_reading |=
      one_of(name, {"standard_conforming_strings", "client_encoding", "names"});
  if (guards_data(name) && !back) facts_.action(Action::kGrant);
  if (is_of_host(name)) facts_.action(Action::kHost);
}

// With pg_temp in it, what is made without a schema may be temporary.
void ActionWalker::path_begins(const Node& value) {
  const bool is_text = value.is("A_Const") && value.has("sval");
  const std::string path = lower_case(value.node("sval").text("sval"));
  if (!is_text || path.find("pg_temp") != std::string::npos)
    facts_.statement().temporary_first = true;
  if (is_text ? path.find("pg_temp_") != std::string::npos : facts_.catalog().any_sensitive())
    facts_.unknown(is_text ? "search_path names the temporary schema of whatever session"
                           : "search_path is computed; write it as a constant");
}

void ActionWalker::set_variable(const Node& node) {
  const std::string name = lower_case(node.text("name"));
  if (name == "transaction" || name == "transaction snapshot" || name.starts_with("transaction_")) {
    facts_.action(Action::kTransaction);
    return;
  }
  // ALTER FUNCTION ... RESET takes away what guards the function.
  const ActionSet& actions = facts_.statement().actions;
  const bool of_object = actions.has(Action::kDdl) || actions.has(Action::kGrant);
  setting(name, sets_back(node) && !of_object);
  if (sets_tablespace(name))
    for (const auto& item : node.list("args")) tablespace_set(Node{&item});
  if (name == "search_path")
    for (const auto& item : node.list("args")) path_begins(Node{&item});
  // It sets back neither role nor session_authorization (the server's GUC_NO_RESET_ALL).
  if (node.text("kind") == "VAR_RESET_ALL") {
    facts_.statement().changes_meaning = true;
    facts_.statement().changes_reading = true;
  }
}

// The name of a setting that is what a condition says, as pg_dump asks for it; "" where it is not:
// SELECT set_config(name, ...) FROM pg_settings WHERE name = '...'.
std::string_view ActionWalker::name_of_setting(const Node& select) const {
  const auto& from = select.list("fromClause");
  const Node relation = from.size() == 1 ? Node{&from[0]} : Node{};
  const Node condition = select.node("whereClause");
  if (!relation.is("RangeVar") || relation.text("relname") != "pg_settings") return {};
  if (!condition.is("A_Expr") || condition.text("kind") != "AEXPR_OP" ||
      split_name(condition.list("name")).second != "=" || !is_name_column(condition.node("lexpr")))
    return {};
  // That it is the server's own view, whose "=" compares byte for byte, and no CTE of that name.
  const std::string_view schema = relation.text("schemaname");
  if (!ctes_.empty() || !one_of(schema, {"", "pg_catalog"})) return {};
  const Catalog& catalog = facts_.catalog();
  const auto named = catalog.relations_named("pg_settings");
  if (named.size() != 1 || !of_postgres(*named[0]) || catalog.any_name_is_unknown() ||
      !catalog.hidden_calls_of_operator("=").empty())
    return {};
  const Node value = condition.node("rexpr");
  return value.is("A_Const") ? value.node("sval").text("sval") : std::string_view{};
}

void ActionWalker::set_config(const Node& node) {
  const auto& arguments = node.list("args");
  const Node first{arguments.empty() ? nullptr : &arguments[0]};
  const std::string_view name =
      is_name_column(first) ? name_of_setting_ : first.node("sval").text("sval");
  if (arguments.size() > 1 && sets_tablespace(lower_case(name)))
    tablespace_set(Node{&arguments[1]});
  if (arguments.size() > 1 && lower_case(name) == "search_path") path_begins(Node{&arguments[1]});
  // With a backslash it may be another name, by standard_conforming_strings.
  if (!name.empty() && name.find('\\') == std::string_view::npos) return setting(name);
  facts_.unknown("set_config() of a name that is computed");
  facts_.statement().changes_meaning = true;
}

}  // namespace sluice::sql
