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
  // Since when what the text names is what it is: one number a name.
  std::vector<std::uint64_t> meant_by(const AnalysedText& text) const;
  // The text, and those that made what it names, each line of them behind "| ": what people are
  // asked about, and what a grant is of.
  std::string told(const AnalysedText& text) const;
  // For analysing texts that say EXECUTE or FETCH.
  const sql::SessionNames& for_analysis() const { return sql_; }
  // Where the server keeps identifiers in another encoding, only ASCII ones are surely the same.
  void know_beyond_ascii(bool known) { sql_.know_beyond_ascii(known); }
  // Nothing is on its way: whatever has failed until now gave no names.
  void all_answered() { sql_.forget_failed(); }
  // The server plans a prepared statement anew when what it names has changed: what EXECUTE may do
  // is judged by the catalogue of now; cursors and portals may have waited for who changed it. Only
  // ever widens; what cannot be read any more is not known.
  struct Reader {
    std::uint64_t catalog_version;
    // `declared`: the types of its parameters, by Parse.
    std::function<AnalysedTextPtr(const std::string& text,
                                  const std::vector<std::uint32_t>& declared)>
        analyse;
  };
  // False: it was read by that catalogue, or there is no such name.
  bool renew(sql::SessionNames::Space space, const std::string& name, const Reader& reader);
  // All that the text names; what is too much for one text is not known any more. `work`:
  // Context::work, which the reader counts. True: they may mean something else now.
  bool renew(const AnalysedText& text, const Reader& reader, const std::size_t& work);
  bool is_declared(std::string_view name) const { return declared_.contains(name); }
  // Bindings and statements that one agent may keep open: a bound on memory.
  bool full();

  // Fill the unit's previous_* and change the tables.
  void parse_sent(Unit& unit);
  void bind_sent(Unit& unit);
  void close_sent(Unit& unit);
  // Whatever names a text gives are known from now on. After one that was not read no name is.
  void text_sent(const AnalysedText& text);
  // What was sent and acts, whatever it is, may move a cursor: how often that was.
  void acted() { ++acts_; }
  std::uint64_t acts() const { return acts_; }

  // `given_again`: a later one of what is on its way gives the name too.
  void parse_complete(const Unit& unit, bool given_again);
  void bind_complete(const Unit& unit, bool given_again);
  void close_complete(const Unit& unit);
  // `tag` is CommandComplete's; it tells DISCARD ALL from its siblings, and how a transaction
  // ended. `text`: what held the statement. `units`: what is on its way.
  void statement_complete(const sql::Statement& statement, const std::string& text,
                          std::string_view tag, Units& units);
  void statement_failed(const sql::Statement& statement);
  void forget_cursor(std::string_view name) {
    sql_.closed(sql::SessionNames::Space::kCursor, name);
  }

  // The first unit was answered with an error, and the others of the first `count` are skipped:
  // they are taken out. What was sent behind them holds as if they had never been.
  void skipped(Units& units, std::size_t count);
  // Portals that the server had made are gone, and cursors too.
  void transaction_ended(sql::SessionNames::Outcome outcome, Units& units);

  // Changes whenever earlier RowDescriptions may not hold any more.
  std::uint64_t epoch() const { return epoch_; }
  void next_epoch() { ++epoch_; }

 private:
  void undo(const Unit& unit, bool failed_itself, Unit* behind);
  void end_portals(std::uint64_t since, Units& units);
  template <class Pointer>
  void put_back(std::map<std::string, Pointer, std::less<>>& table, const std::string& name,
                const Pointer& previous);
  bool is_read(sql::SessionNames::Space space, std::string_view name,
               std::uint64_t catalog_version) const;
  void renew_prepared(const std::string& name, PreparedPtr& prepared, const Reader& reader);
  void renew_cursor(const std::string& name, const Reader& reader);
  // About to be sent, or known to be it: what was read by this catalogue.
  void note_read(sql::SessionNames::Space space, const std::string& name,
                 std::uint64_t catalog_version);
  std::size_t bytes_kept() const;
  void keep_prepared(const std::string& name, PreparedPtr prepared);

  static constexpr std::size_t kNamesMax = 4096;
  static constexpr std::size_t kDeclaredBytesMax = std::size_t{16} << 20;
  static constexpr std::size_t kKeptBytesMax = std::size_t{64} << 20;

  std::map<std::string, PreparedPtr, std::less<>> prepared_;
  std::map<std::string, PortalPtr, std::less<>> portals_;
  std::map<std::string, std::string, std::less<>> declared_;  // texts that made cursors
  sql::SessionNames sql_;
  std::uint64_t epoch_ = 0;
  std::uint64_t acts_ = 0;
  // By which catalogue all is read that a name may stand for; by several: it is not here.
  std::map<std::string, std::uint64_t, std::less<>> prepared_read_with_, cursors_read_with_;
  std::size_t kept_ = 0;  // bytes of texts and what is known of them; rather more than there are
  std::uint64_t transaction_ = 1;
};

}  // namespace sluice::session
