// SPDX-License-Identifier: Apache-2.0
// Every number that a text or a catalogue could make large meets one of these.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sluice::sql {

struct Limits {
  // Longer texts are refused. The parse tree takes 100 to 500 times the text, and one to two
  // seconds where all of a megabyte is short words.
  std::size_t statement_bytes_max = std::size_t{1} << 20;
  // Nesting of the parse tree. PostgreSQL's own parser and our walkers recurse; a worker thread's
  // stack must hold this many levels of them.
  std::size_t tree_depth_max = 1000;
  // Nesting of operators and brackets that the text may have before the parser sees it.
  std::size_t token_nesting_max = 2000;
  // Work on one text, in looks at a node, name or column. What a text says grows as long as the
  // text; names that have to be looked for among many, stars over many tables and queries within
  // recursive ones multiply. Beyond this the text is refused: a tenth of a second, 100 MiB.
  std::size_t effort_max = 20'000'000;
  // A result row of PostgreSQL has at most 1664 columns.
  std::size_t output_columns_max = 1664;
  // Longer scripts come in parts. Each statement costs some 50 microseconds and 2 KiB, however
  // short.
  std::size_t statements_max = 10'000;
  // DO and CREATE FUNCTION within the body of another, and so on.
  std::size_t bodies_max = 4;
  std::size_t objects_max = 4096;
  std::size_t columns_max = 8192;
  // Prepared statements and cursors that one session may have remembered.
  std::size_t names_max = 4096;
  // The server compares names in another encoding than UTF8: only those that are the same in every
  // one are known (name_encoding.h).
  bool plain_names_only = false;
};

// What a thread that analyses must have: a text within these limits takes less than half.
inline constexpr std::size_t kStackBytes = std::size_t{8} << 20;

struct CatalogLimits {
  std::size_t relations_max = 200'000;
  std::size_t columns_max = 2'000'000;
  std::size_t functions_max = 200'000;
  // A table has two, its row and the array of that.
  std::size_t types_max = 500'000;
  std::size_t view_definition_bytes_max = std::size_t{1} << 20;
  // Passes over all views. Only circles, by way of functions, need many.
  std::size_t view_depth_max = 32;
  // From what each table or view is made of to what that is made of, and so on.
  std::size_t standing_steps_max = 20'000'000;
};

}  // namespace sluice::sql
