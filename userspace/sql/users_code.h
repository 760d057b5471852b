// SPDX-License-Identifier: Apache-2.0
// Code of users that a statement runs. It may change whatever a session has: settings above all.
#pragma once

#include "sql/catalog.h"
#include "sql/statement.h"

namespace sluice::sql {

bool only_reads(const ActionSet& actions);
bool changes_rows(const ActionSet& actions);
// Functions that the statement names. One that calls itself stable may still call set_config().
bool calls_code_of_users(const Statement& statement, const Catalog& catalog);
// What nobody names: triggers, checks, defaults, policies and indexes of the tables that it
// changes, and checks of the types of their columns.
bool fires_code_of_users(const Statement& statement, const Catalog& catalog);
// The same of what was there before the session: it may write where the session does not see it.
bool writes_unseen(const Statement& statement, const Catalog& catalog);
// Of a trigger's function, as its body reads: it changes nothing and sets nothing.
bool only_computes(const Statement& body, const Catalog& catalog);

}  // namespace sluice::sql
