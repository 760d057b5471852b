// SPDX-License-Identifier: Apache-2.0
// What the handlers of a PL/pgSQL body are told: the text of an error may quote whatever the
// statements of their block touch.
#pragma once

#include <cstdint>
#include <string_view>

#include "sql/facts.h"
#include "sql/parse_tree.h"

namespace sluice::sql {

class Handlers {
 public:
  Handlers() = default;
  // Of a tree of PL/pgSQL's parser, and the text that it was made from.
  Handlers(const json::value& tree, std::string_view body);

  // Whether the server may quote a sensitive value: no; by what its names may come to mean; yes.
  enum class Told : std::uint8_t { kNothing, kMaybe, kSurely };
  struct Outer {
    Told said = Told::kNothing, told = Told::kNothing;
  };
  // A block that has handlers: what stands in it, then what the handlers do.
  Outer begin_block();
  void begin_handlers();
  void end_block(const Outer& outer);

  // The tree has all declarations in one list and does not say of which block they are. Where they
  // may be those of a block inside, they count as part of every block and of every handler.
  void begin_declarations();
  void end_declarations();

  // A statement or an expression; `gives_opaque`: what it gives may be anything. `only_shown`: to
  // who called, by RAISE, and from whom that is withheld where it may quote.
  void runs(const json::value& tree, const Statement& statement, bool gives_opaque, bool only_shown,
            Facts& facts);
  // GET STACKED DIAGNOSTICS, of more than the error's class.
  void reads_text(bool only_shown = false);
  // Whatever block assigns to a variable has the checks of its type run.
  void checks_variables() { declared_ = any_ ? Told::kSurely : Told::kNothing; }

  // When all is seen. `kept`: the body runs later, when names may mean something else.
  void settle(bool kept, Facts& facts) const;

 private:
  bool any_ = false;
  bool aliases_ = false;  // something has a second name, and the tree does not say what
  bool declares_inside_ = false;
  bool in_declarations_ = false, declarations_read_ = false;
  bool makes_what_runs_ = false;
  std::size_t depth_ = 0;             // blocks around that have handlers
  Told said_ = Told::kNothing;        // by the server, of what the block has run so far
  Told told_ = Told::kNothing;        // where handlers are
  Told declared_ = Told::kNothing;    // of what declarations run
  Told worst_told_ = Told::kNothing;  // of any handler
  Told read_ = Told::kNothing;        // the worst that one has looked at
};

}  // namespace sluice::sql
