// SPDX-License-Identifier: Apache-2.0
#include "session/postgres/units.h"

#include <algorithm>
#include <iterator>

namespace sluice::session {

const AnalysedText* Unit::sent_text() const {
  if (text) return text.get();
  if (portal && portal->text) return portal->text.get();
  return prepared ? prepared->text.get() : nullptr;
}

bool Unit::unread() const {
  const AnalysedText* sent = sent_text();
  return sent != nullptr && sent->unread();
}

const sql::Statement* Unit::current() const {
  const AnalysedText* analysed = sent_text();
  if (analysed == nullptr || statement >= analysed->analysis->statements.size()) return nullptr;
  return &analysed->analysis->statements[statement];
}

bool Unit::changes_names() const {
  switch (kind) {
    case Kind::kParse: return prepared && !prepared->name.empty();
    case Kind::kBind: return portal && !portal->name.empty();
    case Kind::kClose: return true;
    default: return settles;
  }
}

namespace {

template <class GivesName>
bool in_doubt(const Units& units, GivesName gives_name) {
  bool before_sync = false;
  for (auto unit = units.rbegin(); unit != units.rend(); ++unit) {
    if (unit->kind == Unit::Kind::kSync) before_sync = true;
    if (gives_name(*unit)) return before_sync;
  }
  return false;
}

bool may_end_portals(const Unit& unit) {
  switch (unit.kind) {
    case Unit::Kind::kSync:
    case Unit::Kind::kQuery:
    case Unit::Kind::kFunctionCall: return true;
    case Unit::Kind::kExecute: break;
    default: return false;
  }
  const sql::Statement* statement = unit.current();
  if (statement == nullptr) return true;
  switch (statement->kind) {
    case sql::StatementKind::kCommit:
    case sql::StatementKind::kRollback:
    case sql::StatementKind::kRollbackToSavepoint:
    case sql::StatementKind::kPrepareTransaction:
    case sql::StatementKind::kCloseCursor:
    case sql::StatementKind::kDiscard:
    case sql::StatementKind::kCall:
    case sql::StatementKind::kDo: return true;
    default: return false;
  }
}

}  // namespace

bool statement_in_doubt(const Units& units, std::string_view name) {
  return in_doubt(units, [name](const Unit& unit) {
    if (unit.kind == Unit::Kind::kParse) return unit.prepared && unit.prepared->name == name;
    return unit.kind == Unit::Kind::kClose && unit.closed_statement && unit.closed_name == name;
  });
}

bool may_change_encoding(const Units& units) {
  return std::any_of(units.begin(), units.end(),
                     [](const Unit& unit) { return unit.unsettles_encoding; });
}

bool may_end_portals(const Units& units) {
  return std::any_of(units.begin(), units.end(),
                     [](const Unit& unit) { return may_end_portals(unit); });
}

bool portal_in_doubt(const Units& units, std::string_view name) {
  if (name.empty())
    return in_doubt(units, [](const Unit& unit) {
      if (unit.kind == Unit::Kind::kBind) return unit.portal && unit.portal->name.empty();
      return unit.kind == Unit::Kind::kClose && !unit.closed_statement && unit.closed_name.empty();
    });
  for (auto unit = units.rbegin(); unit != units.rend(); ++unit) {
    if (unit->kind == Unit::Kind::kBind && unit->portal && unit->portal->name == name) return false;
    if (may_end_portals(*unit)) return true;
    if (unit->kind == Unit::Kind::kClose && !unit->closed_statement && unit->closed_name == name)
      return true;
  }
  return false;
}

bool gives_name_again(const Units& units) {
  const Unit& first = units.front();
  return std::any_of(std::next(units.begin()), units.end(), [&first](const Unit& later) {
    if (later.kind != first.kind) return false;
    return first.kind == Unit::Kind::kParse
               ? later.prepared && later.prepared->name == first.prepared->name
               : later.portal && later.portal->name == first.portal->name;
  });
}

}  // namespace sluice::session
