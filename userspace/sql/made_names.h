// SPDX-License-Identifier: Apache-2.0
// Functions, operators and types that the open transaction has made, renamed, moved or replaced:
// the catalogue cannot have them. (Relations: session_catalog.h.)
#pragma once

#include <sluice/action.h>
#include <sluice/intent.h>

#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "sql/statement.h"

namespace sluice::sql {

class MadeNames {
 public:
  // What a statement does by the names that it uses, beside what the analysis says.
  struct Use {
    ActionSet actions;
    std::vector<ObjectRef> objects, kin;
    std::string note;  // why it is unknown
    bool nothing() const { return actions.empty() && objects.empty() && kin.empty(); }
  };
  Use use_of(const Statement& statement) const;
  // The statement with that. nullopt: as it is.
  std::optional<Statement> widened(const Statement& statement) const;
  // Nothing is known, and that is all that there is to a statement: the usual case.
  bool silent_about(const Statement& statement) const {
    return entries_.empty() && !anything_ && !writes_unknown(statement) &&
           statement.missing.empty();
  }

  // The statement has run, or will have when what is asked next does.
  void note(const Statement& statement);
  void transaction_ended();

 private:
  struct Entry {
    ActionSet actions;
    std::vector<ObjectRef> objects, kin;
  };
  static bool writes_unknown(const Statement& statement);
  const Entry* named(const MadeName& name) const;
  Entry entry_of(const Made& made, const Statement& statement) const;
  void put(const MadeName& name, Entry entry);
  static void use(const Entry& entry, Use& out);

  // Beyond the first any name may stand for anything; beyond the second what is made is unknown.
  static constexpr std::size_t kNamesMax = 20'000;
  static constexpr std::size_t kObjectsMax = 20'000;

  std::unordered_map<std::string, Entry> entries_;
  std::size_t objects_ = 0;
  bool anything_ = false;  // any name may stand for anything
};

// What is made does what its definition does: that is what the analysis of the statement has found
// when it is done.
void complete_made(Statement& statement);
// What a statement writes to that it has made itself (DO, a function's body): such tables are
// known, and what else is written to is not.
void settle_own_names(Statement& statement);

}  // namespace sluice::sql
