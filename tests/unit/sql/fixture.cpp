// SPDX-License-Identifier: Apache-2.0
#include "fixture.h"

#include <gtest/gtest.h>

#include <sstream>

namespace sluice::sql::test {

void CatalogRows::add(CatalogTable table, std::vector<std::optional<std::string>> cells) {
  rows_.push_back({table, std::move(cells)});
}

CatalogRows& CatalogRows::relation(Oid oid, std::string_view schema, std::string_view name,
                                   char kind, std::string_view columns) {
  add(CatalogTable::kRelations,
      {std::to_string(oid), std::string{schema}, std::string{name}, std::string{kind}});
  std::istringstream words{std::string{columns}};
  int attnum = 0;
  for (std::string word; words >> word;) {
    const bool generated = word.ends_with('=');
    if (generated) word.pop_back();
    add(CatalogTable::kColumns,
        {std::to_string(oid), std::to_string(++attnum), word, "25", "-1", generated ? "s" : ""});
  }
  return *this;
}

CatalogRows& CatalogRows::view(Oid oid, std::string_view definition) {
  add(CatalogTable::kRewrites, {std::to_string(oid), "1", std::string{definition}, "f"});
  return *this;
}

CatalogRows& CatalogRows::locked_view(Oid oid) {
  add(CatalogTable::kRewrites, {std::to_string(oid), "1", std::nullopt, "t"});
  return *this;
}

CatalogRows& CatalogRows::rule(Oid oid, char how, std::string_view definition) {
  const char* event = how == 'u' ? "2" : how == 'i' ? "3" : "4";
  add(CatalogTable::kRewrites, {std::to_string(oid), event, std::string{definition}, "f"});
  return *this;
}

CatalogRows& CatalogRows::foreign_key(Oid child, std::string_view referring, Oid parent,
                                      std::string_view referenced, char on_delete, char on_update) {
  add(CatalogTable::kForeignKeys,
      {std::to_string(parent), std::to_string(child), std::string{on_delete},
       std::string{on_update}, std::string{referenced}, std::string{referring}});
  return *this;
}

CatalogRows& CatalogRows::foreign_table(Oid oid, bool postgres, std::string_view schema,
                                        std::string_view name, std::string_view renamed) {
  add(CatalogTable::kForeignTables, {std::to_string(oid), postgres ? "t" : "f", std::string{schema},
                                     std::string{name}, std::string{renamed}});
  return *this;
}

CatalogRows& CatalogRows::inherits(Oid child, Oid parent) {
  add(CatalogTable::kInheritance, {std::to_string(child), std::to_string(parent)});
  return *this;
}

CatalogRows& CatalogRows::function(Oid oid, std::string_view schema, std::string_view name,
                                   char volatility, std::string_view language, char shape,
                                   std::string_view outputs, char kind) {
  std::string separated{outputs};
  for (char& c : separated)
    if (c == ' ') c = '\x1f';
  add(CatalogTable::kFunctions,
      {std::to_string(oid), std::string{schema}, std::string{name}, std::string{volatility},
       std::string{kind}, std::string{language}, "f", std::string{shape}, separated,
       language == "c" ? "t" : "f", std::nullopt});
  return *this;
}

CatalogRows& CatalogRows::not_shipped() {
  rows_.back().cells[9] = "f";
  return *this;
}

CatalogRows& CatalogRows::body(std::string_view definition) {
  rows_.back().cells[10] = std::string{definition};
  return *this;
}

CatalogRows& CatalogRows::calls(Oid caller, Oid called) { return uses(caller, "f", called); }

CatalogRows& CatalogRows::uses(Oid caller, std::string_view kind, Oid object) {
  add(CatalogTable::kCalls, {std::to_string(caller), std::string{kind}, std::to_string(object)});
  return *this;
}

CatalogRows& CatalogRows::trigger(Oid function, Oid table, std::string_view definition) {
  add(CatalogTable::kTriggers,
      {std::to_string(function), std::string{definition},
       table == 0 ? std::nullopt : std::optional{std::to_string(table)}, table == 0 ? "t" : "f"});
  return *this;
}

CatalogRows& CatalogRows::operator_class(std::string_view name, Oid function) {
  add(CatalogTable::kOperatorClasses, {std::string{name}, std::to_string(function)});
  return *this;
}

CatalogRows& CatalogRows::builtin(char volatility, std::string_view names, char shape,
                                  std::string_view outputs) {
  std::istringstream words{std::string{names}};
  for (std::string word; words >> word;)
    function(next_function_++, "pg_catalog", word, volatility, "internal", shape, outputs);
  return *this;
}

CatalogRows& CatalogRows::operator_call(std::string_view name, Oid function) {
  add(CatalogTable::kOperators, {std::string{name}, std::to_string(function)});
  return *this;
}

CatalogRows& CatalogRows::dependent(Oid relation, int attnum, Oid source, int source_attnum) {
  add(CatalogTable::kDependents, {std::to_string(relation), std::to_string(attnum),
                                  std::to_string(source), std::to_string(source_attnum)});
  return *this;
}

CatalogRows& CatalogRows::primary_key(Oid relation, int attnum) {
  add(CatalogTable::kPrimaryKeys, {std::to_string(relation), std::to_string(attnum)});
  return *this;
}

CatalogRows& CatalogRows::returns_set() {
  rows_.back().cells[6] = "t";
  return *this;
}

CatalogRows& CatalogRows::without_casts() {
  std::erase_if(rows_, [](const Row& row) { return row.table == CatalogTable::kCasts; });
  return *this;
}

CatalogRows& CatalogRows::cast_call(std::string_view type, Oid function) {
  add(CatalogTable::kCasts, {std::string{type}, std::to_string(function), "0"});
  return *this;
}

CatalogRows& CatalogRows::coercion(Oid type, Oid function) {
  add(CatalogTable::kCasts, {"", std::to_string(function), std::to_string(type)});
  return *this;
}

CatalogRows& CatalogRows::check_call(std::string_view type, Oid oid, Oid function) {
  add(CatalogTable::kCasts, {std::string{type}, std::to_string(function), std::to_string(oid)});
  return *this;
}

CatalogRows& CatalogRows::revision(char kind, Oid oid, std::string_view text) {
  add(CatalogTable::kRevisions, {std::string{kind}, std::to_string(oid), std::string{text}});
  return *this;
}

CatalogRows& CatalogRows::type(Oid oid, std::string_view name) {
  add(CatalogTable::kTypes, {std::to_string(oid), std::string{name}});
  return *this;
}

// Something of that kind and name, which the table depends on.
void CatalogRows::stands_on(std::string_view name, std::string_view kind, Oid table) {
  constexpr std::string_view kClass = "1259", kOther = "1";
  const std::string number = std::to_string(100'000 + rows_.size()),
                    relation = std::to_string(table);
  const auto row = [&](std::string_view what, std::string_view called, std::string_view one_class,
                       std::string_view one, std::string_view other_class, std::string_view other) {
    add(CatalogTable::kStanding,
        {std::string{what}, std::string{called}, std::string{one_class}, std::string{one}, "0",
         std::string{other_class}, std::string{other}, "0"});
  };
  row(kind, name, kOther, number, "0", "0");
  if (table == 0) return;
  row("u", "", kClass, relation, kClass, relation);
  row("d", "", kClass, relation, kOther, number);
}

CatalogRows& CatalogRows::table_on(std::string_view name, Oid table, bool index) {
  stands_on(name, index ? "i" : "o", table);
  return *this;
}

CatalogRows& CatalogRows::rights_on(std::string_view name, char kind) {
  stands_on(name, std::string_view{&kind, 1}, 0);
  return *this;
}

CatalogRows& CatalogRows::table_of_type(std::string_view name, Oid table) {
  stands_on(name, "t", table);
  return *this;
}

std::shared_ptr<const Catalog> CatalogRows::build(const std::vector<SensitiveRule>& rules,
                                                  CatalogLimits limits) {
  CatalogBuilder builder{limits};
  for (const Row& row : rows_) {
    std::vector<std::optional<std::string_view>> cells{row.cells.begin(), row.cells.end()};
    const auto added = builder.add_row(row.table, cells);
    EXPECT_TRUE(added.ok()) << added.error().text();
  }
  auto built = std::move(builder).build(rules, 7);
  EXPECT_TRUE(built.ok()) << built.error().text();
  return *built;
}

void add_builtins(CatalogRows& rows) {
  rows.builtin('i',
               "upper lower substr substring concat md5 encode decode reverse translate overlay "
               "format length left right lpad abs sum count max min avg string_agg row_number rank "
               "coalesce_ btrim extract date_part width_bucket sha256 replace split_part greatest_ "
               "regexp_replace starts_with like_escape int4 text jsonb_build_object "
               "json_build_object array_to_string percentile_cont mode lag lead first_value "
               "bool_and jsonb_array_elements_text")
      .builtin('i', "generate_series")
      .returns_set()
      .builtin('i', "regexp_split_to_table")
      .returns_set()
      .builtin('i', "regexp_matches")
      .returns_set()
      .builtin('s',
               "now to_char row_to_json to_json to_jsonb json_agg jsonb_agg xmlagg array_agg "
               "concat_ws current_setting json_object_agg pg_get_viewdef has_table_privilege "
               "current_database version pg_typeof quote_literal quote_nullable anytextcat "
               "textanycat txid_snapshot_xmin "
               "table_to_xml_ pg_table_is_visible pg_get_userbyid")
      .builtin('i', "unnest jsonb_populate_record", '?')
      .builtin('i', "json_each_text jsonb_each", 'r', "key value")
      .builtin('v',
               "random clock_timestamp gen_random_uuid nextval setval currval pg_sleep set_config "
               "pg_terminate_backend pg_cancel_backend pg_reload_conf pg_read_file pg_ls_dir "
               "pg_read_binary_file lo_import lo_export lo_get lo_from_bytea lo_put lo_unlink "
               "pg_logical_emit_message pg_create_logical_replication_slot pg_advisory_lock "
               "query_to_xml table_to_xml database_to_xml cursor_to_xml ts_stat pg_notify "
               "pg_rotate_logfile pg_something_new_in_2030 pg_stat_get_activity "
               "pg_logical_slot_get_changes pg_stat_file pg_export_snapshot");
}

void add_shop(CatalogRows& rows) {
  rows.relation(1001, "public", "customers", 'r', "id name email ssn city")
      .relation(1002, "public", "orders", 'r', "id customer_id total note")
      .relation(1003, "hr", "salaries", 'r', "employee amount")
      .relation(1004, "public", "events", 'p', "id at secret")
      .relation(1005, "public", "events_2024", 'r', "secret id at")
      .inherits(1005, 1004)
      .relation(1006, "public", "pgbench_accounts", 'r', "aid bid abalance filler")
      .relation(1007, "public", "people", 'v', "id tax_number shout")
      .view(1007,
            " SELECT customers.id, customers.ssn AS tax_number, upper(customers.ssn) AS "
            "shout FROM public.customers WHERE customers.ssn IS NOT NULL;")
      .relation(1008, "public", "people_again", 'v', "id t n")
      .view(1008, " SELECT people.id, people.tax_number AS t, 1 AS n FROM public.people;")
      .relation(1009, "public", "totals", 'm', "customer_id sum")
      .view(1009, " SELECT customer_id, sum(total) AS sum FROM public.orders GROUP BY 1;")
      .relation(1010, "public", "broken", 'v', "a b")
      .view(1010, "SELECT a b c FROM")
      .relation(1011, "public", "twin", 'r', "id value")
      .relation(1012, "other", "twin", 'r', "id value")
      .relation(1013, "public", "odd", 'r', "id x")
      .relation(1014, "other", "odd", 'r', "x ssn id")
      .relation(1015, "remote", "foreign_customers", 'f', "id ssn")
      .relation(1016, "public", "Secrets", 'r', "Id Value")
      .relation(1017, "public", "caller", 'v', "id")
      .view(1017, "SELECT public.writes_log(1) AS id;")
      .relation(1018, "public", "holders", 'r', "id person")
      .dependent(1018, 2, 1001, 0)
      .relation(1019, "public", "made", 'r', "id ssn loud plain")
      .dependent(1019, 3, 1019, 2)
      .relation(2001, "pg_catalog", "pg_class", 'r', "oid relname relkind")
      .relation(12040, "pg_catalog", "pg_settings", 'v', "name setting")
      .relation(2002, "pg_catalog", "pg_stats", 'v',
                "schemaname tablename attname n_distinct "
                "most_common_vals histogram_bounds")
      .view(2002, "SELECT 1, 2, 3, 4, 5, 6")
      .relation(2003, "pg_catalog", "pg_stat_activity", 'v', "pid state query")
      .view(2003, "SELECT s.pid, s.state, s.query FROM pg_stat_get_activity() s(pid, state, query)")
      .relation(2004, "pg_catalog", "pg_statistic", 'r', "starelid stanumbers1 stavalues1")
      .relation(2005, "public", "pg_stat_statements", 'v', "userid query calls")
      .relation(2006, "pg_catalog", "pg_prepared_statements", 'v', "name statement")
      .relation(2007, "pg_toast", "pg_toast_1001", 't', "chunk_id chunk_seq chunk_data")
      .relation(2008, "information_schema", "orders", 'v', "table_name")
      .relation(2009, "pg_catalog", "pg_authid", 'r', "oid rolname rolpassword")
      .function(3001, "public", "writes_log", 'v', "plpgsql")
      .function(3002, "public", "looks_up", 's', "sql")
      .function(3003, "public", "computes", 'i', "plpgsql")
      .function(3004, "public", "digest", 'i', "c")
      .function(3005, "public", "dblink", 'v', "c", '?')
      .function(3006, "public", "crosstab", 's', "c", '?')
      .function(3007, "public", "lower", 'v', "sql")
      .function(3008, "public", "all_customers", 's', "sql", '?')
      .function(3009, "public", "do_it", 'v', "plpgsql", 's', "", 'p')
      .function(3010, "public", "sneaky", 'v', "plpgsql")
      .function(3011, "public", "my_total", 'i', "internal", 's', "", 'a')
      .function(3012, "public", "pair", 's', "sql", 'r', "a b")
      .operator_call("===", 3010)
      .cast_call("mood", 3010);
}

std::vector<SensitiveRule> shop_rules() {
  const auto rule = [](const char* schema, const char* table, const char* column, MaskKind mask) {
    SensitiveRule out;
    out.schema = schema;
    out.table = table;
    out.column = column;
    out.mask = mask;
    return out;
  };
  SensitiveRule detectors;
  detectors.detectors = {Detector::kCreditCard};
  return {rule("*", "*", "ssn", MaskKind::kRedact),
          rule("*", "*", "email", MaskKind::kPartial),
          rule("hr", "salaries", "amount", MaskKind::kHash),
          rule("public", "events", "secret", MaskKind::kNull),
          rule("other", "twin", "value", MaskKind::kRedact),
          rule("public", "Secrets", "Value", MaskKind::kRedact),
          detectors};
}

std::shared_ptr<const Catalog> shop() {
  static const auto kShop = [] {
    CatalogRows rows;
    add_builtins(rows);
    add_shop(rows);
    return rows.build(shop_rules());
  }();
  return kShop;
}

std::shared_ptr<const Catalog> shop_without_rules() {
  static const auto kShop = [] {
    CatalogRows rows;
    add_builtins(rows);
    add_shop(rows);
    return rows.build({});
  }();
  return kShop;
}

Statement one(std::string_view text, const Catalog& catalog, const SessionNames& names) {
  auto analysis = analyse(text, catalog, names);
  EXPECT_TRUE(analysis.ok()) << text << "\n" << (analysis.ok() ? "" : analysis.error().text());
  if (!analysis.ok()) return {};
  EXPECT_EQ(analysis->statements.size(), 1u) << text;
  return analysis->statements.empty() ? Statement{} : analysis->statements[0];
}

std::string actions_of(const Statement& statement) {
  std::string out;
  for (const Action action : statement.actions.list())
    out += (out.empty() ? "" : " ") + std::string{name_of(action)};
  return out;
}

std::string lineage_of(const Statement& statement) {
  switch (statement.lineage) {
    case ResultLineage::kNoRows: return "-";
    case ResultLineage::kAllClear: return "=";
    case ResultLineage::kUnknown: return "?";
    case ResultLineage::kByColumn: break;
  }
  std::string out;
  for (const OutputColumn& output : statement.outputs) {
    switch (output.kind) {
      case OutputColumn::Kind::kClear: out += '.'; break;
      case OutputColumn::Kind::kColumn: out += "rphn"[static_cast<std::size_t>(output.mask)]; break;
      case OutputColumn::Kind::kDerived: out += 'd'; break;
      case OutputColumn::Kind::kOpaque: out += 'o'; break;
      case OutputColumn::Kind::kCounted: out += 'c'; break;
    }
  }
  return out;
}

}  // namespace sluice::sql::test
