// SPDX-License-Identifier: Apache-2.0
// What relations a function's body makes when it runs, as far as its text tells. Any of them may be
// temporary, whether the text says TEMP or not: a view of temporary relations is, and so is what is
// made without a schema where pg_temp comes first in search_path.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace sluice::sql {

// By name; true: a table and nothing else, which does no more than hold rows. "" is one more whose
// name is not told: it is put together when the body runs, or it is that of a column's sequence.
using Temporaries = std::map<std::string, bool, std::less<>>;

void add_temporary(Temporaries& to, const std::string& name, bool only_table);

struct MadeInBody {
  // Behind CREATE and RENAME TO, in strings too.
  Temporaries made;
  // Behind INTO, which PL/pgSQL has for variables.
  Temporaries selected_into;
  // It may call any function, and read or write any table: it runs a text that it puts together or
  // is given, or writes names by numbers.
  bool calls_any = false;
  // It changes rows, so that the triggers of what it names may run.
  bool writes = false;
  // In whatever language it is, there are words in it by which relations are made.
  bool has_words = false;
};

// Of SQL and PL/pgSQL; of other languages only has_words is meant.
MadeInBody made_in_body(std::string_view body);

}  // namespace sluice::sql
