// SPDX-License-Identifier: Apache-2.0
// CatalogBuilder: triggers. What their functions raise or fail with is said to whoever changes the
// table, and it may be of another one.
#include <algorithm>

#include "sql/catalog_builder.h"
#include "sql/quotes.h"
#include "sql/statement.h"
#include "sql/users_code.h"

namespace sluice::sql {

// A body may change a table that has such a trigger itself: until nothing is added.
void CatalogBuilder::read_triggers() {
  if (!rest_->any_sensitive) return;
  std::unordered_map<Oid, Function*> functions;
  for (Function& function : rest_->functions) functions.emplace(function.oid, &function);
  std::unordered_map<Oid, Relation*> relations;
  for (Relation& relation : catalog_->relations_) relations.emplace(relation.oid, &relation);
  const auto mark = [&](const Trigger& trigger, bool Relation::*how) {
    for (const Oid oid : trigger.tables)
      if (const auto table = relations.find(oid); table != relations.end())
        table->second->*how = true;
  };
  const auto quotes = [&](const Trigger& trigger) {
    mark(trigger, &Relation::triggers_quote);
    rest_->event_triggers_quote |= trigger.of_events;
  };
  struct Read {
    const Trigger* trigger;
    Function* function;
    Statement body;
  };
  std::vector<Read> silent;
  for (const Trigger& trigger : triggers_) {
    const auto function = functions.find(trigger.function);
    if (function == functions.end()) {
      quotes(trigger);
      continue;
    }
    auto body = trigger.definition.empty() ? std::nullopt : read_body(trigger.definition);
    function->second->quotes_nothing = body.has_value();
    function->second->sets_nothing = body && only_computes(*body, *catalog_);
    if (body)
      silent.push_back({&trigger, function->second, std::move(*body)});
    else if (may_quote_as_trigger(*function->second))
      quotes(trigger);
  }
  const auto speaks = [&](Read& read) {
    if (!may_quote_sensitive(read.body, *catalog_)) return false;
    read.function->quotes_nothing = false;
    quotes(*read.trigger);
    return true;
  };
  while (std::erase_if(silent, speaks) != 0) {
  }
  for (const Read& read : silent) {
    if (!names_of_users(read.body, *catalog_)) continue;
    mark(*read.trigger, &Relation::triggers_name);
    rest_->event_triggers_name |= read.trigger->of_events;
  }
  triggers_.clear();
}

}  // namespace sluice::sql
