// SPDX-License-Identifier: Apache-2.0
// What the analysis says of one statement. Values only: nothing points into the text.
#pragma once

#include <sluice/action.h>
#include <sluice/copy_format.h>
#include <sluice/intent.h>
#include <sluice/resource.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sql/catalog_change.h"
#include "sql/made.h"

namespace sluice::sql {

// An approver reads them; more do not help.
inline constexpr std::size_t kNotesMax = 16;

enum class StatementKind : std::uint8_t {
  kSelect,  // also VALUES and TABLE; SELECT INTO is kCreateTableAs
  kInsert,
  kUpdate,
  kDelete,
  kMerge,
  kTruncate,
  kBegin,
  kCommit,            // COMMIT, END
  kCommitPrepared,    // name: the transaction's
  kRollbackPrepared,  // the same
  kRollback,
  kSavepoint,
  kReleaseSavepoint,
  kRollbackToSavepoint,
  kPrepareTransaction,  // name
  kPrepare,             // name
  kExecute,             // name
  kDeallocate,          // name; "" is ALL
  kDeclareCursor,       // name
  kFetch,               // name; also MOVE
  kCloseCursor,         // name; "" is ALL
  kCopyOut,             // TO STDOUT
  kCopyIn,              // FROM STDIN
  kCopyServer,          // a file or program of the server
  kSet,                 // name: the parameter in lower case; value where it is one literal
  kReset,               // name: "" is ALL
  kShow,                // name
  kDiscard,
  kExplain,
  kListen,
  kUnlisten,
  kNotify,
  kLock,
  kCreateTableAs,
  kCreateView,
  kDdl,
  kGrant,
  kDo,
  kCall,
  kHost,
  kOther,
};
std::string_view name_of(StatementKind kind);  // "create_table_as"
bool is_planned(StatementKind kind);           // and its plan is kept

struct OutputColumn {
  enum class Kind : std::uint8_t {
    kClear,    // no sensitive column among its sources
    kColumn,   // exactly one sensitive column, unchanged: mask with `mask`
    kDerived,  // computed from a sensitive column: mask whole (redact)
    kOpaque,   // its sources cannot be known: mask whole (redact)
    // How many rows and entries of indexes each part of a plan has met, of a table with sensitive
    // columns: by that it tells whether a new value was the old one. Mask whole where the session
    // has changed such a table.
    kCounted,
  };
  Kind kind = Kind::kOpaque;
  MaskKind mask = MaskKind::kRedact;  // for kColumn; kRedact for kDerived and kOpaque
  // The base column that RowDescription should name, where the value is one column unchanged and
  // only one relation can be meant; 0 where not known. A view's column is the view's.
  std::uint32_t relation = 0;
  std::int16_t attnum = 0;
  bool traced = false;      // Value::traced
  bool of_session = false;  // Value::of_session
  std::string name;  // as PostgreSQL would name it, "" where we do not know; never judge by it
  bool clear() const { return kind == Kind::kClear; }
  bool operator==(const OutputColumn&) const = default;
};

enum class ResultLineage : std::uint8_t {
  kNoRows,    // the statement returns no rows
  kAllClear,  // nothing that it can return needs masking by column (also: nothing is sensitive)
  kByColumn,  // `outputs` has one entry per result column, in order
  kUnknown,   // cannot be known, not even how many: every cell is opaque
};

// A prepared statement or cursor that a statement runs by its name (EXECUTE, FETCH, MOVE), or a
// cursor whose row it changes.
struct NameUse {
  bool cursor = false;
  std::string name;
  bool position = false;  // WHERE CURRENT OF: nothing of it runs, it says which row is meant
  bool operator==(const NameUse&) const = default;
};

struct Statement {
  // Bytes of the text, without the semicolon; leading white space and comments may be included.
  std::size_t location = 0;
  std::size_t length = 0;
  StatementKind kind = StatementKind::kOther;
  std::string name;   // see StatementKind
  std::string value;  // kSet with one literal value: that value
  ActionSet actions;  // never empty
  std::vector<ObjectRef> objects;
  // Tables whose rows are rows of a named one, or the other way round: partitions and heirs of it
  // (of many some only), and what it is a part of. Rules that refuse or hold ask about them too.
  std::vector<ObjectRef> kin;
  std::vector<ColumnRef> columns;
  // What it says depends on what these stand for.
  std::vector<NameUse> uses;
  // Not empty: what it does to names would not be followed; the text is refused, and this says why.
  std::string not_followed;
  bool with_hold = false;  // kDeclareCursor: the cursor outlives its transaction
  // For MadeNames: relations that are written to; functions, operators and types that run; those
  // that would have to be known and are not; what is made. `makes_anything`: what else may have got
  // a name is not known.
  std::vector<Written> writes;
  std::vector<MadeName> runs;
  std::vector<MadeName> missing;
  std::vector<Made> makes;
  bool makes_anything = false;
  std::vector<CatalogChange> changes;  // in order, as far as they were done
  bool temporary_first = false;        // search_path may begin with pg_temp from now on
  bool unbounded = false;
  // Sets something by which PostgreSQL reads text, finds names or checks rights: search_path, role,
  // session_authorization, standard_conforming_strings, client_encoding, ...
  bool changes_meaning = false;
  // Of these, standard_conforming_strings or client_encoding: where a string ends.
  bool changes_reading = false;
  // Makes what runs inside of later statements that do not name it (a function, an operator, a type
  // with checks, a trigger), or moves the columns of a table that has sensitive ones: until the
  // catalogue has that, such statements cannot be followed.
  bool blinds = false;
  bool sets_constraints = false;  // SET CONSTRAINTS: what was deferred may run now
  // A handler in it keeps what it is told of errors. These quote nothing sensitive as far as the
  // catalogue knows, but names that were given meanwhile may.
  bool keeps_errors = false;
  // True if another integer or string in the place of a literal could change this analysis: then it
  // must not be kept under a key without literals. False says: every text that differs in such
  // literals only has this analysis (but for location and length).
  bool literals_matter = false;
  ResultLineage lineage = ResultLineage::kNoRows;
  std::vector<OutputColumn> outputs;      // for kByColumn
  bool clear_of_session = false;          // for kAllClear: Value::of_session of some of it
  std::optional<CopyFormat> copy_format;  // of kCopyOut; nullopt where its options are not known
  // Also in `actions` as sensitive_search and sensitive_copy.
  bool searches_sensitive = false;
  bool copies_sensitive = false;
  // A sensitive column is among the sources of anything here: errors, notices and EXPLAIN output of
  // it may carry values.
  bool touches_sensitive = false;
  // A plan of it may show a value: something in it cannot be followed, and the planner may compute
  // that. Also of what it names: views, what EXECUTE stands for.
  bool computes_opaque = false;
  // Something is made of a sensitive column in it: how often its parts ran may depend on values.
  bool computes_sensitive = false;
  // Code of users runs by it that nobody names, and may write.
  bool writes_unseen = false;
  // A type is called otherwise from now on whose default is computed by code of users.
  bool fills_unseen = false;
  // For the person who approves: "DO runs dynamic SQL", "function f() is not in the catalogue".
  std::vector<std::string> notes;
  std::string fingerprint;  // pg_query_fingerprint of this statement, 16 hex digits
};

// It may have put what nobody knows into whatever the session has made.
inline bool may_fill_anything(const Statement& statement) {
  return statement.copies_sensitive || statement.temporary_first || statement.writes_unseen ||
         statement.fills_unseen;
}

// What to do with result column `position` (from 0) of a result with `count` columns. Never clear
// where the count is not the one that the analysis gives.
OutputColumn output_of(const Statement& statement, std::size_t position, std::size_t count);

}  // namespace sluice::sql
