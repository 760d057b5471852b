// SPDX-License-Identifier: Apache-2.0
// What a session has given names to that its catalogue cannot have: what the open transaction has
// made, renamed, moved or replaced, and the temporary relations of the session.
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
    return of_transaction_.empty() && lasting_.empty() && !anything_ &&
           !writes_unknown(statement) && statement.missing.empty();
  }

  // The statement has run, or will have when what is asked next does.
  void note(const Statement& statement);
  void transaction_ended();

 private:
  struct Entry {
    bool new_name = false;
    bool plain = true;  // of all that it may stand for
    bool temporary = false;
    ActionSet actions, writers_actions;
    std::vector<ObjectRef> objects, kin, writers_objects;
  };
  using Entries = std::unordered_map<std::string, Entry>;
  static bool writes_unknown(const Statement& statement);
  std::vector<const Entry*> named(const MadeName& name) const;
  Entry entry_of(const Made& made, const Statement& statement) const;
  void was_called(const Made& made, Entry& entry) const;
  void put(const MadeName& name, Entry entry);
  static void use(const Entry& entry, bool writes, Use& out);

  // Beyond the first any name may stand for anything; beyond the second what is made is unknown.
  static constexpr std::size_t kNamesMax = 20'000;
  static constexpr std::size_t kObjectsMax = 20'000;

  Entries of_transaction_, lasting_;
  std::size_t objects_ = 0;
  bool anything_ = false;  // any name may stand for anything
  bool too_many_ = false;  // that, to the end of the session
};

// What is made does what its definition does: that is what the analysis of the statement has found
// when it is done.
void complete_made(Statement& statement);
// What a statement writes to that it has made itself (DO, a function's body): such tables are
// known, and what else is written to is not.
void settle_own_names(Statement& statement);

}  // namespace sluice::sql
