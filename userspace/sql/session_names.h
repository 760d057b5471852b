// SPDX-License-Identifier: Apache-2.0
// Prepared statements and cursors (portals too: they share PostgreSQL's name space with cursors)
// that a session may have, by name. A name keeps every statement that it may stand for at the
// server until an outcome is known: PREPARE of a name that exists fails there, and must not make us
// forget what the name really runs. A name that the server may not have is no name: a function
// could give it to a cursor of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sql/statement.h"

namespace sluice::sql {

// What of it takes memory, some 100 bytes each.
std::size_t parts_of(const Statement& statement);

class SessionNames {
 public:
  enum class Space : std::uint8_t { kPrepared, kCursor };
  enum class Outcome : std::uint8_t { kCommitted, kRolledBack, kNotKnown };

  SessionNames() = default;
  explicit SessionNames(std::size_t names_max) : names_max_(names_max) {}

  // The statement was (or is about to be) forwarded: whatever it names may from now on stand for
  // it. Only ever widens.
  void sent(const Statement& statement);
  // CommandComplete of it came: now it is certain. Replaces or removes. `outcome` is of a
  // transaction that the statement ended. Gives the moment since which portals are gone, where some
  // are.
  std::optional<std::uint64_t> completed(const Statement& statement,
                                         Outcome outcome = Outcome::kNotKnown);
  // A statement of a text, for the next one of the text: that runs only where this one did.
  void ran(const Statement& statement);

  // The same for Parse/Bind/Close messages of the extended protocol. `statement` is what was
  // analysed; for a portal of EXECUTE-like use give the statement that Bind named.
  void sent(Space space, std::string_view name, const Statement& statement);
  void completed(Space space, std::string_view name, const Statement& statement);
  // It is there, but may stand for something newer already.
  void made(Space space, std::string_view name);
  void closed(Space space, std::string_view name);
  // What it stands for, read by another catalogue. Only ever widens; false: there is none.
  bool renewed(Space space, std::string_view name, const Statement& statement);
  // Portals and cursors end with their transaction, but for those WITH HOLD that it committed.
  void transaction_ended(Outcome outcome);
  // Everything that was sent is answered: what did not come to be never was.
  void forget_failed();
  void clear();
  // Whether the server compares identifiers beyond ASCII as we do.
  void know_beyond_ascii(bool known) { beyond_ascii_ = known; }

  // What the name may stand for: null if nothing known. Where several, one statement that is the
  // most restrictive of all (union of actions, worst lineage).
  std::shared_ptr<const Statement> find(Space space, std::string_view name) const;
  // What the name stands for that this statement gives; null where it gives none.
  std::shared_ptr<const Statement> given_by(const Statement& statement) const;
  // The server has it, whatever it stands for.
  bool surely(Space space, std::string_view name) const;
  std::size_t size() const { return prepared_.size() + cursors_.size(); }

  // Moves with every change of what any name stands for, or of how it was read.
  std::uint64_t version() const { return version_; }
  // Of each of these names, when it was last given or taken away; the same: it is the same one.
  std::vector<std::uint64_t> given_at(const std::vector<NameUse>& uses) const;

 private:
  struct Name {
    std::shared_ptr<const Statement> statement;
    std::uint64_t given = 0;  // the version then
    std::uint64_t made = 0;   // the version when it was known to be there
    bool certain = false;     // it is there, whatever it stands for
    bool holds = false;       // made WITH HOLD
    bool held = false;        // and its transaction has been committed
  };
  using Names = std::map<std::string, Name, std::less<>>;
  Names& names_of(Space space) { return space == Space::kPrepared ? prepared_ : cursors_; }
  const Names& names_of(Space space) const {
    return space == Space::kPrepared ? prepared_ : cursors_;
  }
  void forget(Names& names);
  template <class Gone>
  void forget_where(Names& names, Gone gone);
  // Null: there is no room; then no name is certain any more.
  Name* put(Space space, std::string_view name, Statement statement);
  Name* widen(Space space, std::string_view name, const Statement& statement);
  void exactly(Space space, const Statement& statement);
  std::uint64_t rolled_back_to(std::string_view savepoint);
  void released(std::string_view savepoint);
  std::size_t savepoint(std::string_view name) const;

  struct Savepoint {
    std::string name;
    std::uint64_t at = 0;  // the version then
  };
  static constexpr std::size_t kSavepointsMax = 4096;

  std::size_t names_max_ = 4096;
  std::size_t kept_ = 0;     // objects, columns and outputs of all names
  bool overflowed_ = false;  // more than we keep: no name is certain until clear()
  bool beyond_ascii_ = true;
  std::uint64_t version_ = 1;
  Names prepared_, cursors_;
  std::vector<Savepoint> savepoints_;
};

}  // namespace sluice::sql
