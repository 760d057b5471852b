// SPDX-License-Identifier: Apache-2.0
#include "session/postgres/units.h"

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

}  // namespace sluice::session
