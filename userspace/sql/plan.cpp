// SPDX-License-Identifier: Apache-2.0
#include "sql/plan.h"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

#include "sql/statement.h"

namespace sluice::sql {
namespace {

namespace json = boost::json;

ActionSet plannable() {
  return {Action::kRead,   Action::kInsert,          Action::kUpdate,
          Action::kDelete, Action::kSensitiveSearch, Action::kSensitiveCopy};
}

bool is_of_rows(StatementKind kind) {
  return kind == StatementKind::kSelect || kind == StatementKind::kInsert ||
         kind == StatementKind::kUpdate || kind == StatementKind::kDelete ||
         kind == StatementKind::kMerge;
}

std::string quoted(std::string_view text, char quote) {
  std::string out(1, quote);
  for (const char c : text) {
    if (c == quote) out += quote;
    out += c;
  }
  return out + quote;
}

}  // namespace

std::optional<PlanQuestion> plan_question(const Statement& statement, std::string_view text,
                                          const std::vector<Parameter>& parameters) {
  if (!is_of_rows(statement.kind) || (statement.actions.bits() & ~plannable().bits()) != 0)
    return std::nullopt;
  PlanQuestion question{std::string{text}, parameters, {}};
  std::vector<std::string> tables;
  for (const ObjectRef& object : statement.objects) {
    if (object.schema.empty()) return std::nullopt;
    if (object.kind == ObjectRef::Kind::kFunction && object.schema == "pg_catalog") continue;
    if (object.kind != ObjectRef::Kind::kTable) return std::nullopt;
    if (std::find(tables.begin(), tables.end(), object.name) != tables.end()) return std::nullopt;
    tables.push_back(object.name);
    if (std::find(question.schemas.begin(), question.schemas.end(), object.schema) ==
        question.schemas.end())
      question.schemas.push_back(object.schema);
  }
  return question;
}

std::vector<std::string> plan_queries(const PlanQuestion& question) {
  std::string begin =
      "BEGIN READ ONLY; SET LOCAL statement_timeout = 2000; SET LOCAL lock_timeout = 200; "
      "SET LOCAL standard_conforming_strings = on; SET LOCAL search_path TO pg_catalog";
  for (const std::string& schema : question.schemas) begin += ", " + quoted(schema, '"');
  if (question.parameters.empty())
    return {std::move(begin), "EXPLAIN (FORMAT JSON) " + question.statement};
  std::string execute = "EXPLAIN (FORMAT JSON) EXECUTE sluice_plan(";
  for (const Parameter& parameter : question.parameters)
    execute += (parameter ? quoted(*parameter, '\'') : std::string{"NULL"}) + ", ";
  execute.resize(execute.size() - 2);
  return {std::move(begin), "PREPARE sluice_plan AS " + question.statement, execute + ")"};
}

Result<std::uint64_t> planned_rows(std::string_view text) {
  const Error odd{"the planner's answer is not what EXPLAIN (FORMAT JSON) gives"};
  boost::system::error_code failed;
  const json::value answer = json::parse(text, failed);
  if (failed) return odd;
  const auto plan = answer.find_pointer("/0/Plan", failed);
  if (plan == nullptr || !plan->is_object()) return odd;
  // What changes rows gives none of its own; those below it are what it changes.
  const json::value* of = plan;
  if (const auto* node = plan->as_object().if_contains("Node Type");
      node != nullptr && node->is_string() && node->as_string() == "ModifyTable") {
    of = plan->find_pointer("/Plans/0", failed);
    if (of == nullptr || !of->is_object()) return odd;
  }
  const auto* rows = of->as_object().if_contains("Plan Rows");
  if (rows == nullptr || !rows->is_number()) return odd;
  const double count = rows->to_number<double>(failed);
  if (failed || !(count >= 0)) return odd;
  constexpr double kMax = 9e18;
  return static_cast<std::uint64_t>(std::min(std::round(count), kMax));
}

}  // namespace sluice::sql
