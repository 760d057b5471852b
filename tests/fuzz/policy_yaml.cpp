// SPDX-License-Identifier: Apache-2.0
// Any text is either a policy or a list of reasons why not, each with a place; and what compiled
// gives a verdict for any of its agents.
#include "base/check.h"
#include "policy/compile.h"

#include <cstddef>
#include <cstdint>
#include <memory>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice;
  const std::string text{reinterpret_cast<const char*>(data), size};
  policy::CompileLimits limits;
  limits.text_bytes_max = 1U << 16;
  limits.node_count_max = 1U << 14;
  limits.rule_cells_max = 1U << 16;
  limits.check_steps_max = 1U << 18;
  const policy::CompileResult result = policy::compile({{"fuzz.yaml", text}}, limits);
  bool has_error = false;
  for (const policy::Diagnostic& diagnostic : result.diagnostics) {
    has_error = has_error || diagnostic.severity == policy::Severity::kError;
    SLUICE_CHECK(!diagnostic.message.empty());
  }
  SLUICE_CHECK(has_error == (result.policy == nullptr));
  if (!result.policy) return 0;
  for (const policy::Agent& agent : result.policy->agents()) {
    Run run;
    run.agent = agent.name;
    auto lineage = std::make_shared<Lineage>(Lineage{run});
    result.policy->connect_entries({agent.name}, {});
    for (const auto& resource : result.policy->resources()) {
      Intent intent;
      intent.lineage = lineage;
      intent.resource = resource->name;
      intent.actions = {Action::kRead, Action::kSensitiveSearch};
      intent.objects = {{ObjectRef::Kind::kTable, "", "t"}};
      SLUICE_CHECK(result.policy->judge(intent).policy_version == result.policy->version());
      intent.actions = {};
      SLUICE_CHECK(result.policy->judge(intent).kind == VerdictKind::kDeny);
    }
  }
  return 0;
}
