// SPDX-License-Identifier: Apache-2.0
// ActionWalker: where the server puts its files. Its ordinary place needs no mention; others are
// directories that somebody has given it on the host.
#include "sql/action_walker.h"
#include "sql/words.h"

namespace sluice::sql {

void ActionWalker::placed_in(std::string_view tablespace) {
  if (!tablespace.empty() && tablespace != "pg_default") facts_.action(Action::kHost);
}

bool sets_tablespace(std::string_view setting) {
  return setting == "default_tablespace" || setting == "temp_tablespaces";
}

// pg_dump writes SET default_tablespace = ''.
void ActionWalker::tablespace_set(const Node& value) {
  const bool is_text = value.is("A_Const") && value.has("sval");
  placed_in(is_text ? value.node("sval").text("sval") : "computed");
}

// Rows of tables are made of what each of these statements says itself.
void ActionWalker::places_files(const Node& node) {
  for (const char* field : {"tablespacename", "tableSpace"}) placed_in(node.text(field));
  placed_in(node.node_as("into", "IntoClause").text("tableSpaceName"));
  if (!node.is("ReindexStmt")) return;
  for (const auto& item : node.list("params"))  // moves what is there
    if (lower_case(Node{&item}.text("defname")) == "tablespace") facts_.action(Action::kHost);
}

}  // namespace sluice::sql
