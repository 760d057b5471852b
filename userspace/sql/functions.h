// SPDX-License-Identifier: Apache-2.0
// What calling a function may do, and what its result may carry. PostgreSQL's own functions and
// those of its contributed extensions that reach out of SQL stand in a table; everything else is
// judged by the catalogue.
#pragma once

#include <sluice/action.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sql/catalog.h"

namespace sluice::sql {

enum class FunctionResult : std::uint8_t {
  kClear,          // never a stored value
  kFromArguments,  // as sensitive as what it is given
  kOpaque,         // may read anything
};

// Rows of functions_table.cpp.
struct KnownFunction {
  std::string_view name;
  ActionSet actions;
  FunctionResult result = FunctionResult::kFromArguments;
  bool keeps_arguments = false;  // beside those whose actions are more than to read
  bool of_extensions = false;    // in C, and believed whatever their volatility says
};
const KnownFunction* known_function(std::string_view name);
// functions_unseen.cpp: of PostgreSQL's own that are not immutable, those of which nobody can see
// that they ran.
bool is_known_to_run_unseen(std::string_view name);

struct FunctionEffect {
  ActionSet actions;
  FunctionResult result = FunctionResult::kClear;
  bool keeps_arguments = false;  // what it is given may be stored, sent or shown elsewhere
  bool leaves_trace = false;     // that it was called can be seen elsewhere than in its result
  bool found = false;            // the catalogue has it
  bool returns_set = false;      // how many rows it gives depends on its arguments
  std::string schema;            // where only one can be meant
  char shape = '?';              // Function::shape; '?' where several can be meant
  std::vector<std::string> outputs;
};

// Most of PostgreSQL's own. Of an extension's those in C that call themselves immutable or are
// known by name, and expressions in SQL. Aggregates whose parts do no more.
bool computes_only(const Function& function);
inline bool reads_unknown(const Function& function) {
  return !function.reads.empty() && function.reads.front().empty();
}
// functions_followed.cpp: one of users that was read whole gives nothing sensitive but what it is
// given, as that catalogue has the relations that it names.
bool gives_arguments_only(const Catalog& catalog, const Function& function);
// It neither keeps what it is given nor shows elsewhere that it ran, or how often.
bool runs_unnoticed(const Function& function);
// When a call runs that a statement names. Of what a definition keeps, nobody knows what the names
// in the function's body mean by then.
enum class Moment : std::uint8_t { kNow, kLater };
// Of all functions that the name may mean, together. `schema` is "" where the text gives none.
FunctionEffect effect_of_function(const Catalog& catalog, std::string_view schema,
                                  std::string_view name, Moment moment = Moment::kNow);
FunctionEffect effect_of_function(const Function& function);
// One of those that make a row of a type which a value names: hstore's, json's.
bool fills_rows(std::string_view name);
// Those of PostgreSQL's own that cast what they are given to text inside: what || calls for a text
// and something else, and what quotes anything.
inline constexpr std::array<std::string_view, 4> kCastToText = {"anytextcat", "textanycat",
                                                                "quote_literal", "quote_nullable"};
bool casts_to_text(std::string_view name);
// Adds what `more` may do.
void widen(FunctionEffect& effect, const FunctionEffect& more);

}  // namespace sluice::sql
