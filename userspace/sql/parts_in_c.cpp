// SPDX-License-Identifier: Apache-2.0
// ActionWalker: definitions made of functions that only C can be. The server gives them what it has
// in memory (the type internal stands for any of it), and believes that they fit where they are
// named: one that does not reads and writes whatever stands there.
#include <algorithm>

#include "sql/action_walker.h"
#include "sql/builtin_names.h"

namespace sluice::sql {
namespace {

bool one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

// Of CREATE OPERATOR, AGGREGATE, TYPE, TEXT SEARCH PARSER and TEMPLATE, and ALTER of them.
bool names_part_in_c(std::string_view word) {
  return one_of(word, {"restrict", "join",      "serialfunc", "deserialfunc", "input",
                       "output",   "receive",   "send",       "typmod_in",    "typmod_out",
                       "analyze",  "subscript", "canonical",  "start",        "gettoken",
                       "end",      "headline",  "lextypes",   "init",         "lexize"});
}

// They go by the operator's own function, and leave alone what is of a type that they do not know.
bool estimates_any_type(std::string_view schema, std::string_view name) {
  return one_of(schema, {"", "pg_catalog"}) &&
         one_of(name, {"eqsel",       "eqjoinsel",       "neqsel",      "neqjoinsel",
                       "scalarltsel", "scalarltjoinsel", "scalarlesel", "scalarlejoinsel",
                       "scalargtsel", "scalargtjoinsel", "scalargesel", "scalargejoinsel",
                       "contsel",     "contjoinsel",     "areasel",     "areajoinsel",
                       "positionsel", "positionjoinsel", "matchingsel", "matchingjoinsel"});
}

}  // namespace

void ActionWalker::part_in_c(std::string_view word, const json::array& function) {
  const auto [schema, name] = split_name(function);
  if (name.empty() || !names_part_in_c(word)) return;
  if (one_of(word, {"restrict", "join"}) && estimates_any_type(schema, name)) return;
  facts_.unknown(std::string{name} + "() is given what the server has in memory, unchecked");
}

// "stype = internal", "stype = 'internal'".
void ActionWalker::kept_in_memory(std::string_view type) {
  if (type == "internal") facts_.unknown("a state of type internal is memory that nobody checks");
}

void ActionWalker::support_function() {
  facts_.unknown("the planner gives a support function what it has in memory, unchecked");
}

// With neither, the bytes of one type are taken for those of the other.
void ActionWalker::cast_of_bytes(const Node& cast) {
  if (!cast.has("func") && !cast.flag("inout"))
    facts_.unknown("the cast takes the bytes of one type for those of another, unchecked");
}

}  // namespace sluice::sql
