// SPDX-License-Identifier: Apache-2.0
// What prepared statements and portals stand for at the server, exactly: each change is made when
// the message is sent and undone, newest first, when the server's error says that it never
// happened.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "session/postgres/units.h"
#include "sql/session_names.h"

namespace sluice::session {

class Names {
 public:
  PreparedPtr prepared(std::string_view name) const;
  // Also a cursor that SQL declared: Execute may name it.
  PortalPtr portal(std::string_view name) const;
  // For analysing texts that say EXECUTE or FETCH.
  const sql::SessionNames& for_analysis() const { return sql_; }
  // The server plans a prepared statement anew when what it names has changed: what EXECUTE may do
  // is judged by the catalogue of now. Only ever widens; what cannot be read any more is not known.
  using Analyse = std::function<AnalysedTextPtr(const std::string& text)>;
  void renew(std::uint64_t catalog_version, const Analyse& analyse);
  bool renewed_for(std::uint64_t catalog_version) const { return renewed_for_ == catalog_version; }
  bool empty() const { return prepared_.empty() && portals_.empty(); }
  // Bindings and statements that one agent may keep open: a bound on memory.
  bool full() const;

  // Fill the unit's previous_* and change the tables.
  void parse_sent(Unit& unit);
  void bind_sent(Unit& unit);
  void close_sent(Unit& unit);
  // Whatever names a text gives are known from now on. After one that was not read no name is.
  void text_sent(const AnalysedText& text);

  void parse_complete(const Unit& unit);
  void bind_complete(const Unit& unit);
  void close_complete(const Unit& unit);
  // `tag` is CommandComplete's; it tells DISCARD ALL from its siblings. `text`: what held the
  // statement.
  void statement_complete(const sql::Statement& statement, const std::string& text,
                          std::string_view tag);

  // The first unit was answered with an error, and the others of the first `count` are skipped:
  // they are taken out. What was sent behind them holds as if they had never been.
  void skipped(Units& units, std::size_t count);
  // ReadyForQuery(idle): protocol portals are gone.
  void transaction_ended();

  // Changes whenever earlier RowDescriptions may not hold any more.
  std::uint64_t epoch() const { return epoch_; }
  void next_epoch() { ++epoch_; }

 private:
  void undo(const Unit& unit, bool failed_itself);
  void sent(Unit& unit);

  static constexpr std::size_t kNamesMax = 4096;
  static constexpr std::size_t kTextBytesMax = std::size_t{16} << 20;

  std::map<std::string, PreparedPtr, std::less<>> prepared_;
  std::map<std::string, PortalPtr, std::less<>> portals_;
  sql::SessionNames sql_;
  std::uint64_t epoch_ = 0;
  std::uint64_t renewed_for_ = 0;  // version of a catalogue
};

}  // namespace sluice::session
