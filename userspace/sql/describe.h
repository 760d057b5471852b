// SPDX-License-Identifier: Apache-2.0
// One statement of a parse tree: its kind, its actions, its lineage.
#pragma once

#include "sql/facts.h"
#include "sql/parse_tree.h"
#include "sql/session_names.h"

namespace sluice::sql {

struct DescribeOptions {
  // Names that no table has are PL/pgSQL's variables.
  bool plpgsql_variables = false;
  // OLD and NEW are rows of a table that is not known.
  bool trigger_rows = false;
};

void describe(const json::value& statement, Facts& facts, const SessionNames& names,
              const DescribeOptions& options = {});

}  // namespace sluice::sql
