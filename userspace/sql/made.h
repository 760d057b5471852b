// SPDX-License-Identifier: Apache-2.0
// Names that a statement gives, and names that it uses and that could have been given meanwhile:
// the catalogue has them after the transaction, and those of temporary relations never.
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
  enum class Kind : std::uint8_t { kRelation, kFunction, kOperator, kType };
  Kind kind = Kind::kRelation;
  std::string name;
  bool operator==(const MadeName&) const = default;
};

inline std::size_t hash_of(const MadeName& made) {
  return std::hash<std::string>{}(made.name) * 5 + static_cast<std::size_t>(made.kind);
}

// What stands behind a name from now on, or more of what does.
struct Made : MadeName {
  bool new_name = true;    // false: it was there, and more comes of using it
  bool plain = false;      // of a relation: what is written to it stays in it
  bool temporary = false;  // the session has it until it ends
  // What it was called until now, and whether the catalogue has that; "": it was not there.
  std::string before;
  bool before_is_known = false;
  std::vector<MadeName> made_of;
  // It does whatever the statement does that gives the name (complete_made() fills that in).
  bool does_as_statement = false;
  // Actions and objects are of who writes to the relation, not of who only names it.
  bool of_writers = false;
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
