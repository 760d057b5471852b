// SPDX-License-Identifier: Apache-2.0
// Short ways to say policies and intents in tests.
#pragma once

#include "policy/compile.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace sluice::policy {

inline std::shared_ptr<const Policy> compiled(const std::string& text) {
  CompileResult result = compile({{"p.yaml", text}});
  EXPECT_NE(result.policy, nullptr) << text_of(result.diagnostics) << text;
  return result.policy;
}

// Agents a, b, c; resources db and db2 (postgres), net (tcp), ns (dns).
inline const std::string kWorld = R"(version: 1
agents: { a: , b: , c: }
resources:
  db:
    protocol: postgres
    address: ["10.0.0.5:5432"]
    login: { user: u, password_file: /s/db }
  db2:
    protocol: postgres
    address: ["10.0.0.6:5432"]
    login: { user: u, password_file: /s/db2 }
    on_sensitive_search: allow
    on_sensitive_copy: deny
  net: { protocol: tcp, address: ["10.1.0.0/16:443"] }
  ns: { protocol: dns, address: ["127.0.0.53:53"] }
rules:
)";

inline std::shared_ptr<const Policy> world(const std::vector<std::string>& rules) {
  std::string text = kWorld;
  for (const std::string& rule : rules) text += "  - { " + rule + " }\n";
  return compiled(text);
}

inline std::shared_ptr<const Lineage> lineage_of(const std::vector<std::string>& agents) {
  auto lineage = std::make_shared<Lineage>();
  for (const std::string& agent : agents) {
    Run run;
    run.id = "run-" + agent;
    run.agent = agent;
    run.on_behalf_of = "alice";
    lineage->push_back(run);
  }
  return lineage;
}

inline Intent asks(ActionSet actions, const std::vector<std::string>& agents = {"a"},
                   const std::string& resource = "db") {
  Intent intent;
  intent.lineage = lineage_of(agents);
  intent.resource = resource;
  intent.protocol = "postgres";
  intent.database = "shop";
  intent.actions = actions;
  intent.asked_at = WallTime{std::chrono::hours{12}};  // Thursday noon, UTC
  return intent;
}

inline ObjectRef table(const std::string& schema, const std::string& name) {
  return {ObjectRef::Kind::kTable, schema, name};
}
inline ObjectRef function(const std::string& schema, const std::string& name) {
  return {ObjectRef::Kind::kFunction, schema, name};
}
inline ObjectRef other(const std::string& schema, const std::string& name) {
  return {ObjectRef::Kind::kOther, schema, name};
}

}  // namespace sluice::policy
