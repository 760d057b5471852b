// SPDX-License-Identifier: Apache-2.0
// Prepared statements and cursors (portals too: they share PostgreSQL's name space with cursors)
// that a session may have, by name. A name keeps every statement that it may stand for at the
// server until an outcome is known: PREPARE of a name that exists fails there, and must not make us
// forget what the name really runs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "sql/statement.h"

namespace sluice::sql {

class SessionNames {
 public:
  enum class Space : std::uint8_t { kPrepared, kCursor };

  SessionNames() = default;
  explicit SessionNames(std::size_t names_max) : names_max_(names_max) {}

  // The statement was (or is about to be) forwarded: whatever it names may from now on stand for
  // it. Only ever widens.
  void sent(const Statement& statement);
  // CommandComplete of it came: now it is certain. Replaces or removes.
  void completed(const Statement& statement);

  // The same for Parse/Bind/Close messages of the extended protocol. `statement` is what was
  // analysed; for a portal of EXECUTE-like use give the statement that Bind named.
  void sent(Space space, std::string_view name, const Statement& statement);
  void completed(Space space, std::string_view name, const Statement& statement);
  void closed(Space space, std::string_view name);
  // A transaction ended (ReadyForQuery 'I'): cursors without HOLD are gone. Keeping them is safe,
  // so this is housekeeping only.
  void forget_cursors() { forget(cursors_); }
  void clear();

  // What the name may stand for: null if nothing known. Where several, one statement that is the
  // most restrictive of all (union of actions, worst lineage).
  std::shared_ptr<const Statement> find(Space space, std::string_view name) const;
  // What the name stands for that this statement gives; null where it gives none.
  std::shared_ptr<const Statement> given_by(const Statement& statement) const;
  std::size_t size() const { return prepared_.size() + cursors_.size(); }

 private:
  using Names = std::map<std::string, std::shared_ptr<const Statement>, std::less<>>;
  Names& names_of(Space space) { return space == Space::kPrepared ? prepared_ : cursors_; }
  void widen(Space space, std::string_view name, const Statement& statement);
  void forget(Names& names);
  // False: there is no room; then no name is certain any more.
  bool put(Space space, std::string_view name, Statement statement);

  std::size_t names_max_ = 4096;
  std::size_t kept_ = 0;     // objects, columns and outputs of all names
  bool overflowed_ = false;  // more than we keep: no name is certain until clear()
  Names prepared_, cursors_;
};

// The most restrictive of both: unions, and per output column the worse. Unknown where that names
// more than one statement may.
Statement worst_of(const Statement& a, const Statement& b);

}  // namespace sluice::sql
