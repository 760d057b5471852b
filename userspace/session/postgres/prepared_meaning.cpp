// SPDX-License-Identifier: Apache-2.0
#include "session/postgres/prepared_meaning.h"

#include "session/postgres/reach_digest.h"

namespace sluice::session {

void note_meaning(PreparedStatement& prepared, const Context& context) {
  if (prepared.made_by_sql) {
    prepared.meant_as = meaning_digest(*prepared.text, context);
    return;
  }
  const bool known = context.catalog != nullptr && !context.may_read_otherwise();
  prepared.parsed_with = known ? context.catalog->version() : 0;
  prepared.settings_then = context.settings_heard;
}

bool means_the_same_now(const PreparedStatement& prepared, const Context& context) {
  if (prepared.made_by_sql)
    return !prepared.meant_as.empty() &&
           prepared.meant_as == meaning_digest(*prepared.text, context);
  return prepared.parsed_with != 0 && prepared.parsed_with == context.catalog->version() &&
         prepared.settings_then == context.settings_heard && !context.may_read_otherwise();
}

const std::vector<std::uint32_t>& types_bound(const PreparedStatement& prepared,
                                              const Context& context) {
  const bool declared = prepared.made_by_sql || means_the_same_now(prepared, context);
  return declared ? prepared.declared() : prepared.parameter_types;
}

PreparedPtr parsed_again(const PreparedStatement& prepared, const Context& context) {
  auto again = std::make_shared<PreparedStatement>();
  again->name = prepared.name;
  again->text = prepared.text;
  again->parameter_types = prepared.parameter_types;
  again->meant = prepared.meant;
  note_meaning(*again, context);
  return again;
}

}  // namespace sluice::session
