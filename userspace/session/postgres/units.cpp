// SPDX-License-Identifier: Apache-2.0
#include "session/postgres/units.h"

#include <algorithm>
#include <iterator>

namespace sluice::session {

const AnalysedText* Unit::sent_text() const {
  if (text) return text.get();
  if (portal && portal->prepared) return portal->prepared->text.get();
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

}  // namespace

bool statement_in_doubt(const Units& units, std::string_view name) {
  return in_doubt(units, [name](const Unit& unit) {
    if (unit.kind == Unit::Kind::kParse) return unit.prepared && unit.prepared->name == name;
    return unit.kind == Unit::Kind::kClose && unit.closed_statement && unit.closed_name == name;
  });
}

bool portal_in_doubt(const Units& units, std::string_view name) {
  return in_doubt(units, [name](const Unit& unit) {
    if (unit.kind == Unit::Kind::kBind) return unit.portal && unit.portal->name == name;
    return unit.kind == Unit::Kind::kClose && !unit.closed_statement && unit.closed_name == name;
  });
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
