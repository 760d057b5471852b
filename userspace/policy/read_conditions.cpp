// SPDX-License-Identifier: Apache-2.0
// `when:` of a rule.
#include "policy/draft.h"

#include <array>

namespace sluice::policy {
namespace {

struct ForeignKey {
  std::string_view key;
  std::string_view protocol;
};
constexpr std::array<ForeignKey, 6> kForeignKeys = {{{"hosts", "http"},
                                                     {"paths", "http"},
                                                     {"namespaces", "kubernetes"},
                                                     {"kinds", "kubernetes"},
                                                     {"names", "kubernetes"},
                                                     {"commands", "ssh"}}};

std::vector<ObjectPattern> read_patterns(const Node& node, const std::string& key,
                                         Findings& findings) {
  std::vector<ObjectPattern> patterns;
  for (const Word& word :
       read_words(node, "'" + key + "'", "write " + key + ": [public.orders]", findings)) {
    auto pattern = ObjectPattern::parse(word.text);
    if (pattern)
      patterns.push_back(std::move(*pattern));
    else
      findings.error(word.place, "bad pattern " + quoted(word.text) + " in '" + key + "'",
                     pattern.error().text());
  }
  return patterns;
}

// A scalar is a list of one here: most policies have one span and no days.
std::vector<Word> one_or_more(const Node& node, const std::string& what, const std::string& hint,
                              Findings& findings) {
  if (node.kind == Node::Kind::kScalar) return {{node.text, node.place}};
  return read_words(node, what, hint, findings);
}

void add_spans(const Node& node, Hours& hours, Findings& findings) {
  const std::string hint = "write \"08:00-18:00\"";
  for (const Word& word : one_or_more(node, "'between'", hint, findings))
    if (const auto added = hours.add_span(word.text); !added)
      findings.error(word.place, quoted(word.text) + " is not a span of time",
                     added.error().text());
}

Hours read_hours(const Node& node, Findings& findings) {
  Hours hours;
  if (node.kind == Node::Kind::kScalar || node.kind == Node::Kind::kList) {
    add_spans(node, hours, findings);
    return hours;
  }
  const std::string hint =
      "write hours: { between: \"08:00-18:00\", days: [mon, tue], timezone: \"+02:00\" }";
  Fields fields{node, "'hours'", findings};
  if (const Node* between = fields.need("between", hint)) add_spans(*between, hours, findings);
  if (const Node* days = fields.take("days"))
    for (const Word& word : read_words(*days, "'days'", "write days: [mon, tue]", findings))
      if (const auto added = hours.add_day(word.text); !added)
        findings.error(word.place, quoted(word.text) + " is not a day", added.error().text());
  if (const Node* zone = fields.take("timezone")) {
    const auto text = read_text(*zone, "'timezone'", "write timezone: \"+02:00\"", findings);
    if (text)
      if (const auto set = hours.set_offset(*text); !set)
        findings.error(zone->place, quoted(*text) + " is not an offset from UTC",
                       set.error().text());
  }
  fields.finish();
  return hours;
}

}  // namespace

Conditions read_conditions(const Node& node, const std::string& what, Findings& findings) {
  Conditions when;
  Fields fields{node, what, findings};
  if (const Node* unbounded = fields.take("unbounded"))
    when.unbounded = read_flag(*unbounded, "'unbounded'", findings);
  if (const Node* tables = fields.take("tables"))
    when.tables = read_patterns(*tables, "tables", findings);
  if (const Node* functions = fields.take("functions"))
    when.functions = read_patterns(*functions, "functions", findings);
  if (const Node* databases = fields.take("databases"))
    for (Word& word : read_words(*databases, "'databases'", "write databases: [shop]", findings))
      when.databases.push_back(std::move(word.text));
  if (const Node* behalf = fields.take("on_behalf_of"))
    when.on_behalf_of = read_accounts(*behalf, "'on_behalf_of'", findings);
  if (const Node* hours = fields.take("hours")) when.hours = read_hours(*hours, findings);
  for (const ForeignKey& foreign : kForeignKeys)
    fields.refuse(
        foreign.key,
        quoted(foreign.key) + " narrows rules for " + std::string{foreign.protocol} +
            ", which is not supported by this build yet",
        "for postgres use unbounded, tables, functions, databases, on_behalf_of or hours");
  fields.finish();
  if (node.kind == Node::Kind::kNull || (fields.is_map() && node.keys.empty()))
    findings.error(node.place, what + " is empty", "name a condition, or remove 'when'");
  return when;
}

}  // namespace sluice::policy
