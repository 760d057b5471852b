// SPDX-License-Identifier: Apache-2.0
#include "session/postgres/analysed_text.h"

#include <algorithm>

#include "sql/declared_types.h"

namespace sluice::session {
namespace {

// What a byte costs that is read, in looks, where all of them are short words.
constexpr std::size_t kLooksPerByte = 64;

}  // namespace

AnalysedTextPtr analyse_text(std::string_view text, Context& context,
                             const sql::SessionNames& names, bool unsettled) {
  auto analysed = std::make_shared<AnalysedText>();
  analysed->text = text;
  sql::AnalyseOptions options;
  options.standard_conforming_strings = context.standard_conforming_strings && !unsettled;
  // Unsettled: another encoding may be set already, so only what is the same in all of them.
  options.client_encoding = unsettled ? "SQL_ASCII" : context.client_encoding;
  options.limits = context.options.sql_limits;
  options.limits.plain_names_only = context.server_encoding != "UTF8";
  auto analysis = sql::analyse(text, *context.catalog, names, options);
  context.work +=
      text.size() * kLooksPerByte + (analysis ? analysis->effort : options.limits.effort_max);
  if (!analysis) analysed->error = analysis.error().text();
  analysed->names_version = names.version();
  if (analysis)
    analysed->uses_names =
        std::any_of(analysis->statements.begin(), analysis->statements.end(),
                    [](const sql::Statement& statement) { return !statement.uses.empty(); });
  analysed->analysis =
      std::make_shared<const sql::Analysis>(analysis ? *std::move(analysis) : sql::Analysis{});
  return analysed;
}

AnalysedTextPtr with_declared_types(AnalysedTextPtr text, const std::vector<std::uint32_t>& types,
                                    Context& context) {
  if (!sql::any_users_type(types) || context.unguarded()) return text;
  sql::Analysis analysis = *text->analysis;
  context.work += sql::declare_types(analysis, types, *context.catalog);
  auto declared = std::make_shared<AnalysedText>(*text);
  declared->analysis = std::make_shared<const sql::Analysis>(std::move(analysis));
  return declared;
}

}  // namespace sluice::session
