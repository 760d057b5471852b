// SPDX-License-Identifier: Apache-2.0
#include "session/postgres/names.h"

#include <optional>
#include <type_traits>

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

void Names::renew(std::uint64_t catalog_version, const Analyse& analyse) {
  if (renewed_for(catalog_version)) return;
  renewed_for_ = catalog_version;
  for (auto& [name, prepared] : prepared_) {
    const AnalysedTextPtr now = analyse(prepared->text->text, prepared->declared());
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
    if (!prepared->made_by_sql) continue;
    auto renewed = std::make_shared<PreparedStatement>(*prepared);
    renewed->text = by_sql ? from_sql(name, *by_sql, prepared->text->text)->text : now;
    prepared = std::move(renewed);
  }
  renew_cursors(analyse);
}

void Names::renew_cursors(const Analyse& analyse) {
  for (const auto& [name, text] : declared_) {
    const AnalysedTextPtr now = analyse(text, {});
    const auto cursor = made_by(*now->analysis, StatementKind::kDeclareCursor, name);
    if (cursor)
      sql_.renewed(Space::kCursor, name, *cursor);
    else
      sql_.closed(Space::kCursor, name);
  }
  for (const auto& [name, portal] : portals_) {
    if (name.empty() || portal->prepared->made_by_sql) continue;
    const AnalysedTextPtr now = analyse(portal->text->text, portal->prepared->declared());
    if (now->analysis->statements.size() == 1)
      sql_.renewed(Space::kCursor, name, now->analysis->statements.front());
    else
      sql_.closed(Space::kCursor, name);
  }
}

void Names::parse_sent(Unit& unit) {
  SLUICE_CHECK(unit.prepared != nullptr);
  PreparedPtr& slot = prepared_[unit.prepared->name];
  unit.previous_prepared = slot;
  slot = unit.prepared;
  if (const auto* statement = only_statement(unit.prepared->text);
      statement && !unit.prepared->name.empty())
    sql_.sent(Space::kPrepared, unit.prepared->name,
              executed_by_sql(*statement).value_or(*statement));
}

void Names::bind_sent(Unit& unit) {
  SLUICE_CHECK(unit.portal != nullptr);
  PortalPtr& slot = portals_[unit.portal->name];
  unit.previous_portal = slot;
  slot = unit.portal;
  if (const auto* statement = only_statement(unit.portal->text);
      statement && !unit.portal->name.empty())
    sql_.sent(Space::kCursor, unit.portal->name, *statement);
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
  for (const sql::Statement& statement : text.analysis->statements) sql_.sent(statement);
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
  // Names may have been renewed since it was sent.
  if (unit.prepared->text->analysis->catalog_version != renewed_for_) renewed_for_ = 0;
  given_again
      ? sql_.made(Space::kPrepared, name)
      : sql_.completed(Space::kPrepared, name, executed_by_sql(*statement).value_or(*statement));
}

void Names::bind_complete(const Unit& unit, bool given_again) {
  const std::string& name = unit.portal->name;
  if (const auto* statement = only_statement(unit.portal->text); statement && !name.empty())
    given_again ? sql_.made(Space::kCursor, name)
                : sql_.completed(Space::kCursor, name, *statement);
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
        prepared_[statement.name] = from_sql(statement.name, *inner, text);
      break;
    case StatementKind::kDeclareCursor:
      portals_.erase(statement.name);
      declared_[statement.name] = text;
      if (declared_.size() > kNamesMax || bytes_of(declared_) > kTextBytesMax) {
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

void Names::undo(const Unit& unit, bool failed_itself) {
  renewed_for_ = 0;  // what is put back may have been read by an earlier catalogue
  switch (unit.kind) {
    case Unit::Kind::kParse:
      if (!unit.prepared) break;
      // A Parse that fails has already destroyed the unnamed statement before it; one that was
      // skipped has not.
      if (failed_itself && unit.prepared->name.empty())
        prepared_.erase(unit.prepared->name);
      else
        put_back(prepared_, unit.prepared->name, unit.previous_prepared);
      break;
    case Unit::Kind::kBind:
      if (unit.portal) put_back(portals_, unit.portal->name, unit.previous_portal);
      break;
    case Unit::Kind::kClose:
      if (unit.closed_statement && unit.previous_prepared)
        put_back(prepared_, unit.closed_name, unit.previous_prepared);
      if (!unit.closed_statement && unit.previous_portal)
        put_back(portals_, unit.closed_name, unit.previous_portal);
      break;
    case Unit::Kind::kDescribePortal:
      if (unit.portal && !unit.portal->plan) unit.portal->described = false;
      break;
    default: break;
  }
}

void Names::sent(Unit& unit) {
  if (unit.kind == Unit::Kind::kParse && unit.prepared) parse_sent(unit);
  if (unit.kind == Unit::Kind::kBind && unit.portal) bind_sent(unit);
  if (unit.kind == Unit::Kind::kClose) close_sent(unit);
}

void Names::skipped(Units& units, std::size_t count) {
  const auto sync = units.begin() + static_cast<std::ptrdiff_t>(count);
  for (auto unit = units.end(); unit != sync;)
    if (--unit; unit->kind != Unit::Kind::kDescribePortal) undo(*unit, false);
  for (auto unit = sync; unit != units.begin();) {
    --unit;
    undo(*unit, unit == units.begin());
  }
  units.erase(units.begin(), sync);
  for (Unit& unit : units) sent(unit);
}

bool Names::full() const {
  constexpr std::size_t kSurelySmall = 16;  // each text is at most a message
  if (prepared_.size() + portals_.size() >= kNamesMax) return true;
  if (prepared_.size() <= kSurelySmall) return false;
  std::size_t bytes = 0;
  for (const auto& [name, prepared] : prepared_) bytes += prepared->text->text.size();
  return bytes > kTextBytesMax;
}

}  // namespace sluice::session
