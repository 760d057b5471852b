// SPDX-License-Identifier: Apache-2.0
// One text that the agent sent, with what the analysis says of it. Kept by prepared statements, so
// shared.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "session/postgres/context.h"
#include "sql/analysis.h"

namespace sluice::session {

struct AnalysedText {
  std::string text;
  // Never null; texts that differ in numbers only share it.
  std::shared_ptr<const sql::Analysis> analysis;
  std::string error;  // not empty: the text was not understood, and `analysis` is empty
  // Such a text goes upstream only where nothing is guarded (Context::unguarded()), and may then do
  // anything: change names, settings and the catalogue, or ask for COPY data.
  bool unread() const { return !error.empty(); }
};
using AnalysedTextPtr = std::shared_ptr<const AnalysedText>;

// With the catalogue of the session. `unsettled`: a statement that may change how the server reads
// strings is on its way.
AnalysedTextPtr analyse_text(std::string_view text, const Context& context,
                             const sql::SessionNames& names, bool unsettled);

}  // namespace sluice::session
