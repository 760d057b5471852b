// SPDX-License-Identifier: Apache-2.0
// A small database for the tests: who it sells to, what they earn, and what PostgreSQL brings.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sql/analysis.h"
#include "sql/catalog_builder.h"

namespace sluice::sql::test {

// public.customers(id, name, email*, ssn*, city), public.orders, ... ; * is sensitive.
std::shared_ptr<const Catalog> shop();
// The same without any rule.
std::shared_ptr<const Catalog> shop_without_rules();

class CatalogRows {
 public:
  // "id name total=": columns from 1 up; = is generated.
  CatalogRows& relation(Oid oid, std::string_view schema, std::string_view name, char kind,
                        std::string_view columns);
  CatalogRows& view(Oid oid, std::string_view definition);
  CatalogRows& locked_view(Oid oid);
  // How: u(pdate) i(nsert) d(elete).
  CatalogRows& rule(Oid oid, char how, std::string_view definition);
  // One column each; what it does by pg_constraint's letters.
  CatalogRows& foreign_key(Oid child, std::string_view referring, Oid parent,
                           std::string_view referenced, char on_delete, char on_update);
  // What it is called over there; `renamed`: "here\x1ethere".
  CatalogRows& foreign_table(Oid oid, bool postgres, std::string_view schema, std::string_view name,
                             std::string_view renamed = {});
  CatalogRows& inherits(Oid child, Oid parent);
  CatalogRows& function(Oid oid, std::string_view schema, std::string_view name, char volatility,
                        std::string_view language, char shape = 's', std::string_view outputs = {},
                        char kind = 'f');
  CatalogRows& builtin(char volatility, std::string_view names, char shape = 's',
                       std::string_view outputs = {});
  CatalogRows& operator_call(std::string_view name, Oid function);
  // The column is made of that one of `source`; 0: of its rows.
  CatalogRows& dependent(Oid relation, int attnum, Oid source, int source_attnum);
  CatalogRows& primary_key(Oid relation, int attnum);
  // Of the function added last: it gives a set.
  CatalogRows& returns_set();
  // Of the function added last: no extension's; CREATE FUNCTION as the server prints it.
  CatalogRows& not_shipped();
  CatalogRows& body(std::string_view definition);
  CatalogRows& calls(Oid caller, Oid called);
  // A function of triggers of that table, or of event triggers where it is 0; CREATE FUNCTION as
  // the server prints it.
  CatalogRows& trigger(Oid function, Oid table, std::string_view definition);
  // Of a function that is kept as a tree: "t" a type, "r" a relation, "w" it writes.
  CatalogRows& uses(Oid caller, std::string_view kind, Oid object);
  CatalogRows& operator_class(std::string_view name, Oid function);
  CatalogRows& cast_call(std::string_view type, Oid function);
  // A cast that runs unasked, of values of that type.
  CatalogRows& coercion(Oid type, Oid function);
  CatalogRows& without_casts();
  CatalogRows& check_call(std::string_view type, Oid oid, Oid function);
  // 'r', 'f', 't', 'p', 'x', 's', 'b' or 'n', as in catalog_queries.cpp.
  CatalogRows& revision(char kind, Oid oid, std::string_view text);
  CatalogRows& type(Oid oid, std::string_view name);
  CatalogRows& table_on(std::string_view name, Oid table, bool index = false);
  // 'p': a policy or an event trigger stands on it; 'q': it is a table with a policy.
  CatalogRows& rights_on(std::string_view name, char kind);
  CatalogRows& table_of_type(std::string_view name, Oid table);
  std::shared_ptr<const Catalog> build(const std::vector<SensitiveRule>& rules,
                                       CatalogLimits limits = {});

 private:
  struct Row {
    CatalogTable table;
    std::vector<std::optional<std::string>> cells;
  };
  void add(CatalogTable table, std::vector<std::optional<std::string>> cells);
  void stands_on(std::string_view name, std::string_view kind, Oid table);
  std::vector<Row> rows_;
  Oid next_function_ = 10000;
};

// Everything of PostgreSQL's own that the tests use.
void add_builtins(CatalogRows& rows);
void add_shop(CatalogRows& rows);
std::vector<SensitiveRule> shop_rules();

// The only statement of the text; a failure of the test and an empty statement where it does not
// parse.
Statement one(std::string_view text, const Catalog& catalog, const SessionNames& names = {});
inline Statement one(std::string_view text) { return one(text, *shop()); }

std::string actions_of(const Statement& statement);  // "read insert"
// "." clear, "r p h n" a column by its mask, "d" derived, "o" opaque; "-" no rows, "=" all clear,
// "?" unknown.
std::string lineage_of(const Statement& statement);

}  // namespace sluice::sql::test
