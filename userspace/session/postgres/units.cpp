// SPDX-License-Identifier: Apache-2.0
#include "session/postgres/units.h"

namespace sluice::session {

const sql::Statement* Unit::current() const {
  const AnalysedText* analysed = text.get();
  if (analysed == nullptr && portal != nullptr && portal->prepared != nullptr)
    analysed = portal->prepared->text.get();
  if (analysed == nullptr && prepared != nullptr) analysed = prepared->text.get();
  if (analysed == nullptr || statement >= analysed->analysis->statements.size()) return nullptr;
  return &analysed->analysis->statements[statement];
}

}  // namespace sluice::session
