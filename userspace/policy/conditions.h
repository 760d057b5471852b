// SPDX-License-Identifier: Apache-2.0
// `when:` of a rule. All keys must hold. What allows must be sure: every object that the statement
// touches is described, and nothing is unknown. What denies or holds need not be: one object that
// perhaps is meant is enough, and what is unknown counts as meant (invariants 4 and 5).
#pragma once

#include "policy/hours.h"
#include "policy/pattern.h"

#include <sluice/identity.h>
#include <sluice/intent.h>
#include <sluice/verdict.h>

#include <optional>
#include <string>
#include <vector>

namespace sluice::policy {

struct Conditions {
  std::optional<bool> unbounded;
  std::vector<ObjectPattern> tables;      // empty: not asked
  std::vector<ObjectPattern> functions;   // empty: not asked
  std::vector<std::string> databases;     // globs; empty: not asked
  std::vector<std::string> on_behalf_of;  // user names; empty: not asked
  std::optional<Hours> hours;

  bool empty() const;
  // Speaks of statements of a database.
  bool is_sql() const;
  // `member` is the run of the lineage whose rule this is. `kind` is the rule's verdict.
  bool hold_for(const Intent& intent, const Run& member, VerdictKind kind) const;
  // Equal for conditions that mean the same, whatever their order.
  std::string text() const;
};

}  // namespace sluice::policy
