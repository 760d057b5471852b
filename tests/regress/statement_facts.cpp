// SPDX-License-Identifier: Apache-2.0
// What the analysis says of statements, for tests/regress/oracle.py. One JSON object a line comes
// in:
//   {"queries": true}                     what to ask a server for a catalogue: [[table, text],
//   ...]
//   {"builtin": [[table, [row, ...]], ...]}   its answers, as far as every catalogue has them
//   {"catalog": [[table, [row, ...]], ...]}   the others, by which the next texts are analysed
//   {"session": true}                     a new session: no names are known
//   {"text": "...", "standard_conforming_strings": true, "client_encoding": "UTF8"}
//   {"completed": true}                   the last text ran without an error
// and one goes out for each.
#include <boost/json.hpp>

#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sql/analysis.h"
#include "sql/catalog_builder.h"
#include "sql/functions.h"

namespace {

using namespace sluice;
namespace json = boost::json;

// Common names of columns in the corpus: with nothing sensitive every lineage would be resolved.
std::vector<SensitiveRule> sensitive_rules() {
  std::vector<SensitiveRule> rules;
  for (const char* column : {"a", "f1", "stringu1", "name"}) {
    SensitiveRule rule;
    rule.schema = rule.table = "*";
    rule.column = column;
    rules.push_back(std::move(rule));
  }
  return rules;
}

class Facts {
 public:
  json::object answer(const json::object& line) {
    if (line.contains("queries")) return queries();
    if (const auto* rows = line.if_contains("builtin")) builtin_ = rows->as_array();
    if (const auto* rows = line.if_contains("catalog")) return catalog(rows->as_array());
    if (line.contains("session")) names_ = sql::SessionNames{};
    if (line.contains("completed"))
      for (const sql::Statement& statement : last_.statements) names_.completed(statement);
    if (line.contains("text")) return text(line);
    return {};
  }

 private:
  static json::object queries() {
    json::array all;
    for (const sql::CatalogQuery& query : sql::catalog_queries())
      all.push_back({static_cast<int>(query.table), std::string{query.text}});
    return {{"queries", all}, {"begin", std::string{sql::kCatalogBegin}}};
  }

  json::object catalog(const json::array& tables) {
    sql::CatalogBuilder builder;
    for (const json::array* part : {&std::as_const(builtin_), &tables})
      for (const json::value& table : *part)
        if (const auto added = add(builder, table); !added)
          return {{"error", added.error().text()}};
    auto built = std::move(builder).build(sensitive_rules(), ++version_);
    if (!built) return {{"error", built.error().text()}};
    catalog_ = *built;
    return {};
  }

  static Result<void> add(sql::CatalogBuilder& builder, const json::value& table) {
    const auto kind = static_cast<sql::CatalogTable>(table.at(0).to_number<int>());
    std::vector<std::optional<std::string_view>> cells;
    for (const json::value& row : table.at(1).as_array()) {
      cells.clear();
      for (const json::value& cell : row.as_array())
        cells.push_back(cell.is_null() ? std::nullopt
                                       : std::optional<std::string_view>{cell.as_string()});
      SLUICE_TRY_VOID(builder.add_row(kind, cells));
    }
    return {};
  }

  json::object text(const json::object& line) {
    sql::AnalyseOptions options;
    options.fingerprint = false;
    options.standard_conforming_strings = line.at("standard_conforming_strings").as_bool();
    options.client_encoding = std::string{line.at("client_encoding").as_string()};
    last_ = {};
    auto analysis =
        sql::analyse(std::string_view{line.at("text").as_string()}, *catalog_, names_, options);
    if (!analysis) return {{"unread", analysis.error().text()}};
    last_ = *std::move(analysis);
    json::array statements;
    for (const sql::Statement& statement : last_.statements) {
      names_.sent(statement);
      statements.push_back(described(statement));
    }
    return {{"statements", statements}};
  }

  // Why some of a result's sources are not known.
  const char* why(const sql::Statement& statement) const {
    for (const ObjectRef& object : statement.objects)
      if (object.kind == ObjectRef::Kind::kTable && catalog_->relations_named(object.name).empty())
        return "a table that is temporary or made in the same transaction";
    for (const ObjectRef& object : statement.objects) {
      if (object.kind != ObjectRef::Kind::kFunction) continue;
      const auto effect = sql::effect_of_function(*catalog_, object.schema, object.name);
      if (effect.result != sql::FunctionResult::kOpaque) continue;
      return effect.schema == "pg_catalog" ? "a function of PostgreSQL's that may read anything"
                                           : "a function of users";
    }
    if (statement.actions.has(Action::kUnknown)) return "what it does is unknown";
    return "other";
  }

  json::object described(const sql::Statement& statement) const {
    json::array actions;
    for (const Action action : statement.actions.list())
      actions.push_back(json::string{name_of(action)});
    json::array tables;
    for (const ObjectRef& object : statement.objects)
      if (object.kind == ObjectRef::Kind::kTable) tables.push_back(json::string{object.name});
    std::string lineage = "resolved";
    if (statement.lineage == sql::ResultLineage::kNoRows) lineage = "no rows";
    if (statement.lineage == sql::ResultLineage::kUnknown) lineage = "unknown";
    for (const sql::OutputColumn& output : statement.outputs)
      if (output.kind == sql::OutputColumn::Kind::kOpaque) lineage = "some columns unknown";
    return {
        {"kind", json::string{name_of(statement.kind)}},
        {"actions", actions},
        {"tables", tables},
        {"lineage", lineage},
        {"why", lineage == "unknown" || lineage == "some columns unknown" ? why(statement) : ""},
        {"touches", statement.touches_sensitive},
        {"unbounded", statement.unbounded}};
  }

  json::array builtin_;
  std::shared_ptr<const sql::Catalog> catalog_ = std::make_shared<const sql::Catalog>();
  sql::SessionNames names_;
  sql::Analysis last_;
  std::uint64_t version_ = 0;
};

}  // namespace

int main() {
  Facts facts;
  for (std::string line; std::getline(std::cin, line);)
    std::cout << json::serialize(facts.answer(json::parse(line).as_object())) << std::endl;
  return 0;
}
