// SPDX-License-Identifier: Apache-2.0
#include "session/postgres/names.h"

#include <algorithm>
#include <optional>
#include <type_traits>
#include <unordered_set>

#include "base/check.h"
#include "sql/worst_of.h"

namespace sluice::session {
namespace {

using Space = sql::SessionNames::Space;
using sql::StatementKind;

// What SQL remembers under a name, as if a Parse had made it.
PreparedPtr from_sql(std::string_view name, const sql::Statement& statement, std::string text) {
  auto analysed = std::make_shared<AnalysedText>();
  analysed->text = std::move(text);
  sql::Analysis analysis;
  analysis.statements.push_back(statement);
  // To execute it is not to prepare or declare it again: that would give the name an old meaning.
  StatementKind& kind = analysis.statements.back().kind;
  if (kind == StatementKind::kPrepare) kind = StatementKind::kExecute;
  if (kind == StatementKind::kDeclareCursor) kind = StatementKind::kFetch;
  analysed->analysis = std::make_shared<const sql::Analysis>(std::move(analysis));
  auto prepared = std::make_shared<PreparedStatement>();
  prepared->name = name;
  prepared->text = std::move(analysed);
  prepared->made_by_sql = true;
  return prepared;
}

// What EXECUTE finds under the name that a Parse gave, where it is not the statement itself: a
// utility statement, which PREPARE cannot prepare, would change names, transactions and settings.
std::optional<sql::Statement> executed_by_sql(const sql::Statement& parsed) {
  using enum StatementKind;
  for (const StatementKind kind : {kSelect, kInsert, kUpdate, kDelete, kMerge})
    if (parsed.kind == kind) return std::nullopt;
  sql::Statement executed = parsed;
  executed.not_followed =
      "EXECUTE of a statement that only Parse can prepare is not followed; bind it";
  return executed;
}

// All that the text may have made of this name; null where it cannot be read.
std::shared_ptr<const sql::Statement> made_by(const sql::Analysis& analysis, StatementKind kind,
                                              std::string_view name) {
  std::optional<sql::Statement> all;
  for (const sql::Statement& statement : analysis.statements)
    if (statement.kind == kind && statement.name == name)
      all = all ? sql::worst_of(*all, statement) : statement;
  return all ? std::make_shared<const sql::Statement>(*std::move(all)) : nullptr;
}

// What a value becomes depends on the type that was declared for it: by OID, 0 where PostgreSQL
// chooses.
std::string parameters_told(const std::vector<std::uint32_t>& types) {
  std::string told;
  for (const std::uint32_t type : types) told += (told.empty() ? "" : ", ") + std::to_string(type);
  return told.empty() ? told : " (parameters of types " + told + ")";
}

// Lines of an agent's stand behind a mark, so that no comment and no name of its own can be taken
// for ours.
void append_marked(std::string& told, std::string_view text) {
  told += "| ";
  for (const char c : text) {
    told += c;
    if (c == '\n') told += "| ";
  }
}

std::string on_one_line(std::string_view name) {
  std::string line = "\"";
  for (const char c : name) {
    if (c == '"' || c == '\\') line += '\\';
    if (c == '\n' || c == '\r')
      line += c == '\n' ? "\\n" : "\\r";
    else
      line += c;
  }
  return line + '"';
}

std::size_t bytes_of(const std::map<std::string, std::string, std::less<>>& texts) {
  std::size_t bytes = 0;
  for (const auto& [name, text] : texts) bytes += text.size();
  return bytes;
}

// Bytes that it takes to keep it. A text is kept by more than one.
std::size_t size_of(const AnalysedText& text) {
  constexpr std::size_t kBytesPerPart = 100;
  constexpr std::size_t kCopies = 4;
  std::size_t parts = 0;
  for (const sql::Statement& statement : text.analysis->statements)
    parts += sql::parts_of(statement);
  return kCopies * text.text.size() + kBytesPerPart * parts;
}

// Which name a unit gives or takes away; null: none.
const std::string* prepared_changed(const Unit& unit) {
  if (unit.kind == Unit::Kind::kParse && unit.prepared) return &unit.prepared->name;
  return unit.kind == Unit::Kind::kClose && unit.closed_statement ? &unit.closed_name : nullptr;
}
const std::string* portal_changed(const Unit& unit) {
  if (unit.kind == Unit::Kind::kBind && unit.portal) return &unit.portal->name;
  return unit.kind == Unit::Kind::kClose && !unit.closed_statement ? &unit.closed_name : nullptr;
}
bool same_name(const Unit& one, const Unit& later) {
  const std::string* name = prepared_changed(one);
  const std::string* other = name ? prepared_changed(later) : portal_changed(later);
  if (!name) name = portal_changed(one);
  return name && other && *name == *other;
}

const sql::Statement* only_statement(const AnalysedTextPtr& text) {
  return text->analysis->statements.size() == 1 ? &text->analysis->statements.front() : nullptr;
}

}  // namespace

PreparedPtr Names::prepared(std::string_view name) const {
  const auto found = prepared_.find(name);
  return found == prepared_.end() ? nullptr : found->second;
}

PortalPtr Names::portal(std::string_view name) const {
  if (const auto found = portals_.find(name); found != portals_.end()) return found->second;
  const auto cursor = sql_.find(Space::kCursor, name);
  if (!cursor || !sql_.surely(Space::kCursor, name)) return nullptr;
  auto portal = std::make_shared<Portal>();
  portal->name = name;
  portal->prepared = from_sql(name, *cursor, "FETCH from cursor " + std::string{name});
  portal->text = portal->prepared->text;
  return portal;
}

std::vector<std::uint64_t> Names::meant_by(const AnalysedText& text) const {
  std::vector<std::uint64_t> meant;
  if (!text.uses_names) return meant;
  for (const sql::Statement& statement : text.analysis->statements) {
    const auto given = sql_.given_at(statement.uses);
    meant.insert(meant.end(), given.begin(), given.end());
  }
  return meant;
}

std::string Names::told(const AnalysedText& text) const {
  std::string told;
  append_marked(told, text.text);
  for (const sql::Statement& statement : text.analysis->statements)
    for (const sql::NameUse& use : statement.uses) {
      const auto declared = use.cursor ? declared_.find(use.name) : declared_.end();
      const PortalPtr portal = use.cursor ? this->portal(use.name) : nullptr;
      const PreparedPtr prepared = use.cursor ? nullptr : this->prepared(use.name);
      if (declared == declared_.end() && !portal && !prepared) continue;
      told += "\nwhere " + on_one_line(use.name);
      if (declared == declared_.end())
        told += parameters_told((portal ? *portal->prepared : *prepared).declared());
      told += " is:\n";
      if (declared != declared_.end())
        append_marked(told, declared->second);
      else
        append_marked(told, (portal ? portal->text : prepared->text)->text);
    }
  return told;
}

bool Names::is_read(Space space, std::string_view name, std::uint64_t catalog_version) const {
  const auto& read_with = space == Space::kPrepared ? prepared_read_with_ : cursors_read_with_;
  const auto found = read_with.find(name);
  return found != read_with.end() && found->second == catalog_version;
}

// What the name stood for before may still be it.
void Names::note_read(Space space, const std::string& name, std::uint64_t catalog_version) {
  auto& read_with = space == Space::kPrepared ? prepared_read_with_ : cursors_read_with_;
  if (read_with.size() >= 2 * kNamesMax) read_with.clear();
  if (!sql_.find(space, name))
    read_with[name] = catalog_version;
  else if (!is_read(space, name, catalog_version))
    read_with.erase(name);
}

bool Names::renew(const AnalysedText& text, const Reader& reader, const std::size_t& work) {
  // What the longest text may cost.
  constexpr std::size_t kWorkMax = 64'000'000;
  const std::size_t began = work;
  bool any = false;
  for (const sql::Statement& statement : text.analysis->statements)
    for (const sql::NameUse& use : statement.uses) {
      const Space space = use.cursor ? Space::kCursor : Space::kPrepared;
      if (work - began <= kWorkMax) {
        any |= renew(space, use.name, reader);
      } else if (!is_read(space, use.name, reader.catalog_version)) {
        sql_.closed(space, use.name);
        any = true;
      }
    }
  return any;
}

bool Names::renew(Space space, const std::string& name, const Reader& reader) {
  if (is_read(space, name, reader.catalog_version)) return false;
  if (space == Space::kCursor) {
    if (!declared_.contains(name) && !portals_.contains(name)) return false;
    renew_cursor(name, reader);
    cursors_read_with_[name] = reader.catalog_version;
  } else {
    const auto found = prepared_.find(name);
    if (found == prepared_.end()) return false;
    renew_prepared(name, found->second, reader);
    prepared_read_with_[name] = reader.catalog_version;
  }
  return true;
}

void Names::renew_prepared(const std::string& name, PreparedPtr& prepared, const Reader& reader) {
  const AnalysedTextPtr now = reader.analyse(prepared->text->text, prepared->declared());
  const auto by_sql =
      prepared->made_by_sql ? made_by(*now->analysis, StatementKind::kPrepare, name) : nullptr;
  const bool known =
      prepared->made_by_sql ? by_sql != nullptr : now->analysis->statements.size() == 1;
  if (now->unread() || !known) {
    sql_.closed(Space::kPrepared, name);
  } else {
    const sql::Statement statement = by_sql ? *by_sql
                                            : executed_by_sql(now->analysis->statements.front())
                                                  .value_or(now->analysis->statements.front());
    if (!name.empty() && !sql_.renewed(Space::kPrepared, name, statement))
      sql_.completed(Space::kPrepared, name, statement);
  }
  if (!prepared->made_by_sql) return;
  auto renewed = std::make_shared<PreparedStatement>(*prepared);
  renewed->text = by_sql ? from_sql(name, *by_sql, prepared->text->text)->text : now;
  prepared = std::move(renewed);
}

void Names::renew_cursor(const std::string& name, const Reader& reader) {
  if (const auto declared = declared_.find(name); declared != declared_.end()) {
    const AnalysedTextPtr now = reader.analyse(declared->second, {});
    const auto cursor = made_by(*now->analysis, StatementKind::kDeclareCursor, name);
    if (cursor)
      sql_.renewed(Space::kCursor, name, *cursor);
    else
      sql_.closed(Space::kCursor, name);
  }
  const auto found = portals_.find(name);
  if (found == portals_.end() || name.empty() || found->second->prepared->made_by_sql) return;
  const Portal& portal = *found->second;
  const AnalysedTextPtr now = reader.analyse(portal.text->text, portal.prepared->declared());
  if (now->analysis->statements.size() == 1)
    sql_.renewed(Space::kCursor, name, now->analysis->statements.front());
  else
    sql_.closed(Space::kCursor, name);
}

void Names::parse_sent(Unit& unit) {
  SLUICE_CHECK(unit.prepared != nullptr);
  PreparedPtr& slot = prepared_[unit.prepared->name];
  unit.previous_prepared = slot;
  slot = unit.prepared;
  kept_ += size_of(*unit.prepared->text);
  if (const auto* statement = only_statement(unit.prepared->text);
      statement && !unit.prepared->name.empty()) {
    note_read(Space::kPrepared, unit.prepared->name,
              unit.prepared->text->analysis->catalog_version);
    sql_.sent(Space::kPrepared, unit.prepared->name,
              executed_by_sql(*statement).value_or(*statement));
  }
}

void Names::bind_sent(Unit& unit) {
  SLUICE_CHECK(unit.portal != nullptr);
  PortalPtr& slot = portals_[unit.portal->name];
  unit.previous_portal = slot;
  slot = unit.portal;
  kept_ += size_of(*unit.portal->text);
  if (const auto* statement = only_statement(unit.portal->text);
      statement && !unit.portal->name.empty()) {
    note_read(Space::kCursor, unit.portal->name, unit.portal->text->analysis->catalog_version);
    sql_.sent(Space::kCursor, unit.portal->name, *statement);
  }
}

void Names::close_sent(Unit& unit) {
  if (unit.closed_statement) {
    unit.previous_prepared = prepared(unit.closed_name);
    prepared_.erase(unit.closed_name);
  } else {
    const auto found = portals_.find(unit.closed_name);
    unit.previous_portal = found == portals_.end() ? nullptr : found->second;
    if (found != portals_.end()) portals_.erase(found);
  }
}

void Names::text_sent(const AnalysedText& text) {
  acted();
  for (const sql::Statement& statement : text.analysis->statements) {
    if (statement.kind == StatementKind::kPrepare)
      note_read(Space::kPrepared, statement.name, text.analysis->catalog_version);
    if (statement.kind == StatementKind::kDeclareCursor)
      note_read(Space::kCursor, statement.name, text.analysis->catalog_version);
    sql_.sent(statement);
  }
  if (!text.unread()) return;
  prepared_.clear();
  portals_.clear();
  declared_.clear();
  sql_.clear();
}

// Where the name is given again further on, it may mean that by the time of the next message.
void Names::parse_complete(const Unit& unit, bool given_again) {
  const std::string& name = unit.prepared->name;
  const auto* statement = only_statement(unit.prepared->text);
  if (!statement || name.empty()) return;
  if (given_again) return sql_.made(Space::kPrepared, name);
  sql_.completed(Space::kPrepared, name, executed_by_sql(*statement).value_or(*statement));
  prepared_read_with_[name] = unit.prepared->text->analysis->catalog_version;
}

void Names::bind_complete(const Unit& unit, bool given_again) {
  const std::string& name = unit.portal->name;
  if (const auto* statement = only_statement(unit.portal->text); statement && !name.empty()) {
    given_again ? sql_.made(Space::kCursor, name)
                : sql_.completed(Space::kCursor, name, *statement);
    if (!given_again) cursors_read_with_[name] = unit.portal->text->analysis->catalog_version;
  }
  unit.portal->transaction = transaction_;
  unit.portal->made = sql_.version();
}

void Names::close_complete(const Unit& unit) {
  sql_.closed(unit.closed_statement ? Space::kPrepared : Space::kCursor, unit.closed_name);
  if (!unit.closed_statement) declared_.erase(unit.closed_name);
}

void Names::statement_complete(const sql::Statement& statement, const std::string& text,
                               std::string_view tag, Units& units) {
  using Outcome = sql::SessionNames::Outcome;
  const auto since =
      sql_.completed(statement, tag == "ROLLBACK" ? Outcome::kRolledBack : Outcome::kCommitted);
  if (since) end_portals(*since, units);
  switch (statement.kind) {
    case StatementKind::kPrepare:
      if (const auto inner = sql_.find(Space::kPrepared, statement.name))
        keep_prepared(statement.name, from_sql(statement.name, *inner, text));
      break;
    case StatementKind::kDeclareCursor:
      portals_.erase(statement.name);
      declared_[statement.name] = text;
      if (declared_.size() > kNamesMax || bytes_of(declared_) > kDeclaredBytesMax) {
        declared_.erase(statement.name);
        forget_cursor(statement.name);
      }
      break;
    case StatementKind::kDeallocate:
      if (statement.name.empty())
        prepared_.clear();
      else
        prepared_.erase(statement.name);
      break;
    case StatementKind::kDiscard:
      if (tag == "DISCARD ALL") {
        prepared_.clear();
        portals_.clear();
        declared_.clear();
      }
      break;
    case StatementKind::kCloseCursor:
      if (statement.name.empty()) {
        portals_.clear();
        declared_.clear();
      } else {
        portals_.erase(statement.name);
        declared_.erase(statement.name);
      }
      break;
    default: break;
  }
}

// An implicit commit may have failed behind it: then a cursor WITH HOLD is closed all the same.
void Names::statement_failed(const sql::Statement& statement) {
  if (statement.kind == StatementKind::kCloseCursor) sql_.completed(statement);
}

void Names::end_portals(std::uint64_t since, Units& units) {
  const auto gone = [since](const Portal& portal) {
    return portal.transaction != 0 && (since == 0 || portal.made > since);
  };
  std::erase_if(portals_, [&](const auto& entry) { return gone(*entry.second); });
  if (!declared_.empty())
    std::erase_if(declared_,
                  [&](const auto& entry) { return !sql_.surely(Space::kCursor, entry.first); });
  if (since == 0)
    ++transaction_;  // what units would put back is known by it
  else
    for (Unit& unit : units)
      if (unit.previous_portal && gone(*unit.previous_portal)) unit.previous_portal.reset();
}

void Names::transaction_ended(sql::SessionNames::Outcome outcome, Units& units) {
  sql_.transaction_ended(outcome);
  end_portals(0, units);
}

template <class Pointer>
void Names::put_back(std::map<std::string, Pointer, std::less<>>& table, const std::string& name,
                     const Pointer& previous) {
  bool there = previous != nullptr;
  if constexpr (std::is_same_v<Pointer, PortalPtr>)
    there = there && (previous->transaction == 0 || previous->transaction == transaction_);
  if (there)
    table[name] = previous;
  else
    table.erase(name);
}

// What a unit gives or takes away is undone where the next one behind it that changes the same name
// remembers what was before; where there is none, in the table.
void Names::undo(const Unit& unit, bool failed_itself, Unit* behind) {
  switch (unit.kind) {
    case Unit::Kind::kParse: {
      if (!unit.prepared) break;
      const std::string& name = unit.prepared->name;
      prepared_read_with_.erase(name);
      // A Parse that fails has already destroyed the unnamed statement before it; one that was
      // skipped has not.
      const PreparedPtr before = failed_itself && name.empty() ? nullptr : unit.previous_prepared;
      behind ? void(behind->previous_prepared = before) : put_back(prepared_, name, before);
      break;
    }
    case Unit::Kind::kBind:
      if (!unit.portal) break;
      cursors_read_with_.erase(unit.portal->name);
      behind ? void(behind->previous_portal = unit.previous_portal)
             : put_back(portals_, unit.portal->name, unit.previous_portal);
      break;
    case Unit::Kind::kClose:
      if (unit.closed_statement) {
        prepared_read_with_.erase(unit.closed_name);
        if (behind)
          behind->previous_prepared = unit.previous_prepared;
        else if (unit.previous_prepared)
          put_back(prepared_, unit.closed_name, unit.previous_prepared);
      } else {
        cursors_read_with_.erase(unit.closed_name);
        if (behind)
          behind->previous_portal = unit.previous_portal;
        else if (unit.previous_portal)
          put_back(portals_, unit.closed_name, unit.previous_portal);
      }
      break;
    case Unit::Kind::kDescribePortal:
      if (unit.portal && !unit.portal->plan) unit.portal->described = false;
      break;
    default: break;
  }
}

// Newest first. What was sent behind them stays: most of it is about other names, and to undo and
// send all of it again for each of many errors would take as long as their square.
void Names::skipped(Units& units, std::size_t count) {
  const auto sync = units.begin() + static_cast<std::ptrdiff_t>(count);
  for (auto unit = sync; unit != units.begin();) {
    --unit;
    const auto behind =
        std::find_if(sync, units.end(), [&](const Unit& later) { return same_name(*unit, later); });
    undo(*unit, unit == units.begin(), behind == units.end() ? nullptr : &*behind);
  }
  units.erase(units.begin(), sync);
}

// What SQL prepares has no message that could be refused: what is too much is not known.
void Names::keep_prepared(const std::string& name, PreparedPtr prepared) {
  kept_ += size_of(*prepared->text);
  prepared_[name] = std::move(prepared);
  if (!full()) return;
  prepared_.erase(name);
  sql_.closed(Space::kPrepared, name);
}

// Texts that portals and prepared statements share count once.
std::size_t Names::bytes_kept() const {
  std::unordered_set<const AnalysedText*> counted;
  std::size_t bytes = 0;
  const auto count = [&](const AnalysedText& text) {
    if (counted.insert(&text).second) bytes += size_of(text);
  };
  for (const auto& [name, prepared] : prepared_) count(*prepared->text);
  for (const auto& [name, portal] : portals_) count(*portal->text);
  return bytes;
}

bool Names::full() {
  constexpr std::size_t kSurelySmall = 16;  // each text is at most a message
  const std::size_t names = prepared_.size() + portals_.size();
  if (names >= kNamesMax) return true;
  if (names <= kSurelySmall || kept_ <= kKeptBytesMax) return false;
  // Counted seldom: it is some way from here to where it is counted next.
  kept_ = bytes_kept();
  return kept_ > kKeptBytesMax / 4 * 3;
}

}  // namespace sluice::session
