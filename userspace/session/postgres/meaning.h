// SPDX-License-Identifier: Apache-2.0
// What one statement may change for how the server reads and writes text after it. The server tells
// of such a change (ParameterStatus) only before the next ReadyForQuery.
#pragma once

#include "sql/catalog.h"
#include "sql/statement.h"

namespace sluice::session {

// The server looks up what is named in it, and reads its strings, when it is parsed and whenever
// that may have become something else: functions of users may run by that.
bool is_analysed_early(sql::StatementKind kind);
// What the catalogue has is something else afterwards; for others, when the transaction ends.
bool may_change_catalog(const sql::Statement& statement);
// By itself, and not only by a function that it calls: worth telling the other sessions of.
bool changes_catalog_itself(const sql::Statement& statement);
// Not before it ends, because nothing was done past it.
bool stays_inside(const sql::Statement& statement);
// A table with sensitive columns, or a view, which may have some at any time.
bool names_masked(const sql::Statement& statement, const sql::Catalog& catalog);
// Rows of such a table get new values, or may get them by a function.
bool may_try_values(const sql::Statement& statement, const sql::Catalog& catalog);
// Of a table with sensitive columns, or of a view, others may be there afterwards. Something that
// was not there before is no such table: what it holds was copied.
bool may_move_columns(const sql::Statement& statement, const sql::Catalog& catalog);
// standard_conforming_strings, search_path, role, ...: by itself, or by a function of users that it
// calls.
bool may_change_meaning(const sql::Statement& statement, const sql::Catalog& catalog);
// COMMIT, ROLLBACK and the like: what SET, SET LOCAL or set_config() said since may hold no more.
bool may_set_back(sql::StatementKind kind);
// Something that it makes may run code of users where no statement names it.
bool puts_code_unnamed(const sql::Statement& statement, const sql::Catalog& catalog);
// client_encoding. Wider than the above where code of users may run that nobody names (a trigger,
// at the latest at COMMIT), narrower for settings that are named. `unnamed_code_sets`: whatever is
// planned may run code that sets it (Context::unnamed_code_sets).
bool may_change_encoding(const sql::Statement& statement, const sql::Catalog& catalog,
                         bool unnamed_code_sets);
// The same where it must not be missed: the catalogue may lack a trigger that was made a moment
// ago.
bool may_change_encoding_unseen(const sql::Statement& statement, const sql::Catalog& catalog,
                                bool unnamed_code_sets);

}  // namespace sluice::session
