// SPDX-License-Identifier: Apache-2.0
// Names that a statement gives to what runs, and names that it uses and that could have been given
// meanwhile: the catalogue has them after the transaction. Of relations: catalog_change.h.
#pragma once

#include <sluice/action.h>
#include <sluice/intent.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace sluice::sql {

struct MadeName {
  // The last one is what it means to drop with CASCADE what is called so: the tables that stand on
  // it.
  enum class Kind : std::uint8_t { kFunction, kOperator, kType, kCollation, kStandsOn };
  Kind kind = Kind::kFunction;
  std::string name;
  bool operator==(const MadeName&) const = default;
};

inline std::size_t hash_of(const MadeName& made) {
  return std::hash<std::string>{}(made.name) * 5 + static_cast<std::size_t>(made.kind);
}

// What stands behind a name from now on.
struct Made : MadeName {
  std::string before;  // what it was called until now; "": it was not there
  std::vector<MadeName> made_of;
  // It does whatever the statement does that gives the name (complete_made() fills that in).
  bool does_as_statement = false;
  ActionSet actions;
  std::vector<ObjectRef> objects;
  std::vector<ObjectRef> kin;
};

// A relation whose rows the statement changes.
struct Written {
  std::string name;
  bool known = false;  // to the catalogue, or made by the same statement
  bool operator==(const Written&) const = default;
};

inline std::size_t hash_of(const Written& written) {
  return std::hash<std::string>{}(written.name) * 2 + (written.known ? 1 : 0);
}

}  // namespace sluice::sql
