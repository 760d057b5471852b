// SPDX-License-Identifier: Apache-2.0
// What a session under test is given: a real policy, a real catalogue, real masks.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "session/postgres/options.h"
#include "sql/catalog.h"

namespace sluice::session::test {

inline constexpr std::uint32_t kCustomers = 1001;  // id int4, name text, email varchar, ssn text
inline constexpr std::uint32_t kOrders = 1002;     // id int4, customer_id int4, note text
inline constexpr std::uint32_t kPeople = 1003;     // view: id, tax_number (= customers.ssn)

// Columns of public.customers that are sensitive: ssn redact, email partial; and detectors.
inline const std::string kSensitive =
    "[{ column: public.customers.ssn, mask: redact }, { column: \"*.*.email\", mask: partial }, "
    "{ detect: [credit_card], mask: redact }]";

// Reads and small things pass, changes wait for alice, whole tables and the host are refused.
inline const std::string kUsualRules = R"(
  - { name: reads, actions: [read, session, transaction, call, copy_in, copy_out, ddl], verdict: allow }
  - name: changes need a person
    actions: [insert, update, delete]
    verdict: hold
    approvers: { users: [alice] }
    timeout: 10m
  - { name: never a whole table, actions: [update, delete], when: { unbounded: true }, verdict: deny, message: name the rows }
  - { name: never the host, actions: [host, grant, unknown], verdict: deny }
)";
inline const std::string kAllowAll = "\n  - { name: all, actions: any, verdict: allow }\n";

struct WorldOptions {
  std::string sensitive = kSensitive;  // "[]" for none
  std::string rules = kUsualRules;
  std::string upstream_tls = "disable";
  std::string more_of_resource{};  // "on_sensitive_search: allow"
};

struct World {
  explicit World(const WorldOptions& options = {});

  std::shared_ptr<const policy::Policy> policy;
  std::shared_ptr<const Lineage> lineage;
  std::shared_ptr<const Resource> resource;
  std::shared_ptr<const sql::Catalog> catalog;
  std::shared_ptr<CatalogNews> news = std::make_shared<CatalogNews>();

  // Another policy from now on; the resource stays the one that the session was made with.
  void set_rules(const std::string& rules);
  // The next catalogue, with one more relation: "public.extra" under this OID, columns of text.
  std::shared_ptr<const sql::Catalog> next_catalog(std::uint32_t oid = 0,
                                                   const std::string& columns = {});
  PostgresOptions session_options();

 private:
  std::shared_ptr<const sql::Catalog> build(std::uint32_t oid, const std::string& columns);

  WorldOptions options_;
  std::uint64_t catalog_version_ = 0;
};

// Loaded once: detectors take long to compile.
MaskTools mask_tools();

}  // namespace sluice::session::test
