// SPDX-License-Identifier: Apache-2.0
// YAML texts in, one immutable policy out (DESIGN.md section 6), or every reason why not. Pure: who
// calls it has read the files.
#pragma once

#include "policy/diagnostic.h"
#include "policy/policy.h"

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace sluice::policy {

struct SourceFile {
  std::string name;  // as diagnostics shall show it
  std::string text;
};

struct CompileResult {
  std::shared_ptr<const Policy> policy;  // null if any diagnostic is an error
  std::vector<Diagnostic> diagnostics;   // sorted by file, line, column
};

// Stops for hostile or mistaken input. Each is far above what a host needs.
struct CompileLimits {
  std::size_t text_bytes_max = 32U << 20;   // of all files together
  std::size_t node_count_max = 4U << 20;    // values of one file
  std::size_t nesting_max = 32;             // yaml-cpp recurses: this bounds our stack
  std::size_t rule_cells_max = 4U << 20;    // agents x resources named by a rule, over all rules
  std::size_t check_steps_max = 1U << 28;   // comparisons to find rules that can never decide
  std::size_t diagnostics_max = 200;        // then "... more findings are not shown"
  std::vector<std::string> requirements{};  // what `require:` may name; empty: whatever is a word
};

// The files' order does not matter. Never throws for any text.
CompileResult compile(const std::vector<SourceFile>& files, const CompileLimits& limits = {});

}  // namespace sluice::policy
