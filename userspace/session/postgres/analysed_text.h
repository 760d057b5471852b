// SPDX-License-Identifier: Apache-2.0
// One text that the agent sent, with what the analysis says of it. Kept by prepared statements, so
// shared.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "session/postgres/context.h"
#include "sql/analysis.h"

namespace sluice::session {

struct AnalysedText {
  std::string text;
  // Never null; texts that differ in numbers only share it.
  std::shared_ptr<const sql::Analysis> analysis;
  // It names prepared statements or cursors, which stood for something when it was analysed.
  bool uses_names = false;
  std::uint64_t names_version = 0;  // of sql::SessionNames
  std::string error;  // not empty: the text was not understood, and `analysis` is empty
  // Such a text goes upstream only where nothing is guarded (Context::unguarded()), and may then do
  // anything: change names, settings and the catalogue, or ask for COPY data.
  bool unread() const { return !error.empty(); }
};
using AnalysedTextPtr = std::shared_ptr<const AnalysedText>;

// With the catalogue of the session. `unsettled`: a statement that may change how the server reads
// strings is on its way. Counts its work; a text that was not understood may have been any.
AnalysedTextPtr analyse_text(std::string_view text, Context& context,
                             const sql::SessionNames& names, bool unsettled);

// The same, with what it is to bind values of these types.
AnalysedTextPtr with_declared_types(AnalysedTextPtr text, const std::vector<std::uint32_t>& types,
                                    Context& context);

}  // namespace sluice::session
