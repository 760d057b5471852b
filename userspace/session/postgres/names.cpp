// SPDX-License-Identifier: Apache-2.0
#include "session/postgres/names.h"

#include <optional>

#include "base/check.h"

namespace sluice::session {
namespace {

using Space = sql::SessionNames::Space;
using sql::StatementKind;

template <class Table, class Pointer>
void put_back(Table& table, const std::string& name, const Pointer& previous) {
  if (previous)
    table[name] = previous;
  else
    table.erase(name);
}

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

// All that the text may have made of this name; null where it cannot be read.
std::shared_ptr<const sql::Statement> prepared_by(const sql::Analysis& analysis,
                                                  std::string_view name) {
  std::optional<sql::Statement> all;
  for (const sql::Statement& statement : analysis.statements)
    if (statement.kind == StatementKind::kPrepare && statement.name == name)
      all = all ? sql::worst_of(*all, statement) : statement;
  return all ? std::make_shared<const sql::Statement>(*std::move(all)) : nullptr;
}

const sql::Statement* only_statement(const PreparedPtr& prepared) {
  if (!prepared || prepared->text->analysis->statements.size() != 1) return nullptr;
  return &prepared->text->analysis->statements.front();
}

}  // namespace

PreparedPtr Names::prepared(std::string_view name) const {
  const auto found = prepared_.find(name);
  return found == prepared_.end() ? nullptr : found->second;
}

PortalPtr Names::portal(std::string_view name) const {
  if (const auto found = portals_.find(name); found != portals_.end()) return found->second;
  const auto cursor = sql_.find(Space::kCursor, name);
  if (!cursor) return nullptr;
  auto portal = std::make_shared<Portal>();
  portal->name = name;
  portal->prepared = from_sql(name, *cursor, "FETCH from cursor " + std::string{name});
  return portal;
}

void Names::renew(std::uint64_t catalog_version, const Analyse& analyse) {
  if (renewed_for(catalog_version)) return;
  renewed_for_ = catalog_version;
  for (auto& [name, prepared] : prepared_) {
    const AnalysedTextPtr now = analyse(prepared->text->text);
    const auto by_sql = prepared->made_by_sql ? prepared_by(*now->analysis, name) : nullptr;
    const bool known =
        prepared->made_by_sql ? by_sql != nullptr : now->analysis->statements.size() == 1;
    if (now->unread() || !known) {
      sql_.closed(Space::kPrepared, name);
    } else {
      const sql::Statement& statement = by_sql ? *by_sql : now->analysis->statements.front();
      sql_.sent(Space::kPrepared, name, statement);
    }
    if (!prepared->made_by_sql) continue;
    auto renewed = std::make_shared<PreparedStatement>(*prepared);
    renewed->text = by_sql ? from_sql(name, *by_sql, prepared->text->text)->text : now;
    prepared = std::move(renewed);
  }
}

void Names::parse_sent(Unit& unit) {
  SLUICE_CHECK(unit.prepared != nullptr);
  PreparedPtr& slot = prepared_[unit.prepared->name];
  unit.previous_prepared = slot;
  slot = unit.prepared;
  if (const auto* statement = only_statement(unit.prepared);
      statement && !unit.prepared->name.empty())
    sql_.sent(Space::kPrepared, unit.prepared->name, *statement);
}

void Names::bind_sent(Unit& unit) {
  SLUICE_CHECK(unit.portal != nullptr);
  PortalPtr& slot = portals_[unit.portal->name];
  unit.previous_portal = slot;
  slot = unit.portal;
  if (const auto* statement = only_statement(unit.portal->prepared);
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
  for (const sql::Statement& statement : text.analysis->statements) sql_.sent(statement);
  if (!text.unread()) return;
  prepared_.clear();
  portals_.clear();
  sql_.clear();
}

void Names::parse_complete(const Unit& unit) {
  if (const auto* statement = only_statement(unit.prepared);
      statement && !unit.prepared->name.empty())
    sql_.completed(Space::kPrepared, unit.prepared->name, *statement);
}

void Names::bind_complete(const Unit& unit) {
  if (const auto* statement = only_statement(unit.portal->prepared);
      statement && !unit.portal->name.empty())
    sql_.completed(Space::kCursor, unit.portal->name, *statement);
}

void Names::close_complete(const Unit& unit) {
  sql_.closed(unit.closed_statement ? Space::kPrepared : Space::kCursor, unit.closed_name);
}

void Names::statement_complete(const sql::Statement& statement, const std::string& text,
                               std::string_view tag) {
  sql_.completed(statement);
  switch (statement.kind) {
    case StatementKind::kPrepare:
      if (const auto inner = sql_.find(Space::kPrepared, statement.name))
        prepared_[statement.name] = from_sql(statement.name, *inner, text);
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
      }
      break;
    case StatementKind::kCloseCursor:
      if (statement.name.empty())
        portals_.clear();
      else
        portals_.erase(statement.name);
      break;
    default: break;
  }
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
        prepared_[unit.closed_name] = unit.previous_prepared;
      if (!unit.closed_statement && unit.previous_portal)
        portals_[unit.closed_name] = unit.previous_portal;
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

void Names::transaction_ended() { portals_.clear(); }

}  // namespace sluice::session
