// SPDX-License-Identifier: Apache-2.0
#include "session/postgres/analysed_text.h"

namespace sluice::session {

AnalysedTextPtr analyse_text(std::string_view text, const Context& context,
                             const sql::SessionNames& names, bool unsettled) {
  auto analysed = std::make_shared<AnalysedText>();
  analysed->text = text;
  sql::AnalyseOptions options;
  options.standard_conforming_strings = context.standard_conforming_strings && !unsettled;
  // Unsettled: another encoding may be set already, so only what is the same in all of them.
  options.client_encoding = unsettled ? "SQL_ASCII" : context.client_encoding;
  options.limits = context.options.sql_limits;
  auto analysis = sql::analyse(text, *context.catalog, names, options);
  if (!analysis) analysed->error = analysis.error().text();
  analysed->analysis =
      std::make_shared<const sql::Analysis>(analysis ? *std::move(analysis) : sql::Analysis{});
  return analysed;
}

}  // namespace sluice::session
