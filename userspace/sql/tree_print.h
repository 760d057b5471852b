// SPDX-License-Identifier: Apache-2.0
// Trees told apart by numbers, so that many can be compared with many: equal trees have equal
// prints. Different ones may share a print by accident or by design; whoever compares must lose
// nothing by that.
#pragma once

#include <cstdint>
#include <unordered_map>

#include "sql/parse_tree.h"

namespace sluice::sql {

struct TreePrint {
  std::uint64_t exact = 0;             // of everything but "location"
  std::uint64_t without_integers = 0;  // the same whatever integer constants stand in it
  bool has_integer = false;            // an integer constant
  bool has_column = false;             // ColumnRef or CurrentOfExpr
};

class TreePrints {
 public:
  // Each node is looked at once, however often it and those around it are asked for. The tree must
  // outlive this.
  TreePrint of(const json::value& value);

 private:
  TreePrint look(const json::value& value);
  std::unordered_map<const json::value*, TreePrint> known_;
};

}  // namespace sluice::sql
