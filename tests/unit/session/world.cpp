// SPDX-License-Identifier: Apache-2.0
#include "world.h"

#include <sluice/postgres_types.h>

#include <sstream>
#include <stdexcept>

#include "policy/compile.h"
#include "sql/catalog_builder.h"

namespace sluice::session::test {
namespace {

using sql::CatalogTable;

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().text());
  return std::move(*result);
}

std::shared_ptr<const policy::Policy> compiled(const WorldOptions& options) {
  const std::string text =
      R"(version: 1
agents: { reporter: }
resources:
  shop:
    protocol: postgres
    address: ["10.0.0.5:5432"]
    upstream_tls: )" +
      options.upstream_tls +
      R"(
    login: { user: sluice_shop, password_file: /s/shop }
)" + (options.sensitive == "[]" ? "" : "    sensitive: " + options.sensitive + "\n") +
      (options.more_of_resource.empty() ? "" : "    " + options.more_of_resource + "\n") +
      "rules:" + options.rules;
  auto result = policy::compile({{"p.yaml", text}});
  if (!result.policy) throw std::runtime_error(policy::text_of(result.diagnostics) + "\n" + text);
  return result.policy;
}

class Rows {
 public:
  void add(CatalogTable table, const std::vector<std::string>& cells) {
    std::vector<std::optional<std::string_view>> row{cells.begin(), cells.end()};
    const auto added = builder_.add_row(table, row);
    if (!added) throw std::runtime_error(added.error().text());
  }
  // "id:23 name:25"
  void relation(std::uint32_t oid, const std::string& name, char kind, const std::string& columns) {
    add(CatalogTable::kRelations, {std::to_string(oid), "public", name, std::string(1, kind)});
    std::istringstream words{columns};
    int attnum = 0;
    for (std::string word; words >> word;) {
      const auto colon = word.find(':');
      add(CatalogTable::kColumns,
          {std::to_string(oid), std::to_string(++attnum), word.substr(0, colon),
           colon == std::string::npos ? "25" : word.substr(colon + 1), "-1", ""});
    }
  }
  void function(std::uint32_t oid, const std::string& schema, const std::string& name,
                char volatility, const std::string& language) {
    add(CatalogTable::kFunctions, {std::to_string(oid), schema, name, std::string(1, volatility),
                                   "f", language, "f", "s", "", "f", ""});
  }
  sql::CatalogBuilder builder_;
};

}  // namespace

MaskTools mask_tools() {
  static const MaskTools kTools = [] {
    auto detectors = std::make_shared<const mask::Detectors>(must(mask::Detectors::make()));
    return MaskTools{detectors, std::make_shared<mask::Scratch>(must(detectors->make_scratch())),
                     std::make_shared<mask::KeyedHash>(
                         must(mask::KeyedHash::make(Secret{std::string_view{"a key of tests"}})))};
  }();
  return kTools;
}

World::World(const WorldOptions& options) : options_(options) {
  policy = compiled(options_);
  resource = policy->resources().front();
  Run run;
  run.id = "run-0123456789abcdef";
  run.agent = "reporter";
  lineage = std::make_shared<const Lineage>(Lineage{run});
  catalog = next_catalog();
}

void World::set_rules(const std::string& rules) {
  options_.rules = rules;
  policy = compiled(options_);
}

std::shared_ptr<const sql::Catalog> World::next_catalog(std::uint32_t oid,
                                                        const std::string& columns) {
  catalog = build(oid, columns);
  return catalog;
}

std::shared_ptr<const sql::Catalog> World::build(std::uint32_t oid, const std::string& columns) {
  Rows rows;
  rows.add(CatalogTable::kSettings, {"150000"});
  rows.relation(kCustomers, "customers", 'r', "id:23 name email:1043 ssn");
  rows.relation(kOrders, "orders", 'r', "id:23 customer_id:23 note");
  rows.relation(kPeople, "people", 'v', "id:23 tax_number");
  rows.add(CatalogTable::kRewrites, {std::to_string(kPeople), "1",
                                     " SELECT customers.id, customers.ssn AS tax_number FROM "
                                     "public.customers;",
                                     "f"});
  // The table of the golden conversations.
  rows.relation(16384, "golden_customers", 'r', "id:23 name email:1043 ssn");
  if (oid != 0) rows.relation(oid, "extra", 'r', columns);
  std::uint32_t next = 10000;
  for (const char* name : {"upper", "lower", "count", "sum", "max", "length", "generate_series",
                           "row_to_json", "now", "concat"})
    rows.function(next++, "pg_catalog", name, 'i', "internal");
  for (const char* name : {"pg_sleep", "pg_notify", "set_config", "pg_read_file"})
    rows.function(next++, "pg_catalog", name, 'v', "internal");
  rows.function(3001, "public", "writes_log", 'v', "plpgsql");
  rows.function(3002, "public", "looks_up", 's', "sql");
  auto built = std::move(rows.builder_).build(resource->sensitive, ++catalog_version_);
  return must(std::move(built));
}

PostgresOptions World::session_options() {
  PostgresOptions options;
  options.news = news;
  options.session = "ses-00000000000000aa";
  options.lineage = lineage;
  options.resource = resource;
  options.policy = [this]() -> const policy::Policy& { return *policy; };
  options.password = Secret{std::string_view{"upstream-password"}};
  for (std::size_t i = 0; i < PostgresOptions::kRandomBytes; ++i)
    options.randomness.push_back(static_cast<std::uint8_t>(i * 7 + 1));
  options.mask = mask_tools();
  return options;
}

}  // namespace sluice::session::test
