// SPDX-License-Identifier: Apache-2.0
// What one database contains, as far as judging and masking need it: an immutable snapshot, shared
// between threads by pointer. Built by CatalogBuilder from the rows of catalog_queries.h.
#pragma once

#include <sluice/intent.h>
#include <sluice/resource.h>
#include <sluice/result.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sql/limits.h"
#include "sql/made_in_body.h"

namespace sluice::sql {

struct Statement;

using Oid = std::uint32_t;

// FirstNormalObjectId: what initdb made is below it, what anybody made since is not, whatever
// schema it stands in.
inline constexpr Oid kFirstUserOid = 16384;
inline bool is_builtin_type(Oid type) { return type < kFirstUserOid; }

struct Column {
  std::int16_t attnum = 0;  // never 0; system columns (negative) are not listed
  std::string name;
  Oid type = 0;
  std::int32_t typmod = -1;
  bool generated = false;  // COPY of the whole table leaves it out
  // Of a generated one: the columns of its table that it is made of; none: not known.
  std::vector<std::int16_t> made_of;
  bool in_primary_key = false;
  // Set where a rule names the column, a parent or child has it, or a view shows it. A view's
  // column that is computed from a sensitive one is kRedact.
  std::optional<MaskKind> mask;
  bool computed =
      false;  // from a sensitive one: that it is NULL, and how long it is, tells of that
  // Of a view's: where it is computed may be noticed (Value::traced).
  bool traced = false;
};

// Of another table, which refers to this one and is changed when this one is.
struct ForeignKey {
  Oid child = 0;
  char on_delete = 'a', on_update = 'a';           // pg_constraint: a r c n d
  std::vector<std::string> referenced, referring;  // columns of this table and of the other one
};

struct Relation {
  Oid oid = 0;
  std::string schema;
  std::string name;
  char kind = 'r';  // pg_class.relkind: r p v m f t S c i I; '?' of a session's: not known
  bool definition_unread =
      false;            // a view whose definition could not be understood: all columns redact
  bool locked = false;  // it could not be read, because somebody held a lock on what it names
  // Of a view: what its definition does and reaches; null for others and where it is not
  // understood.
  std::shared_ptr<const Statement> definition;
  // What rewrite rules do when somebody changes it; null where there is none.
  std::shared_ptr<const Statement> on_insert, on_update, on_delete;
  // Whose rows these are too: what it is a partition of, or inherits from, and its own partitions
  // and heirs: of these not more than kPartsKnown, for each statement that names the table carries
  // them.
  std::vector<const Relation*> kin;
  static constexpr std::size_t kPartsKnown = 64;
  std::vector<ForeignKey> referenced_by;
  // It, or a child of it, is a foreign table: of these tables and views by name, as far as they are
  // here, or of what the catalogue does not know.
  std::vector<ObjectRef> stands_for;
  bool outside = false;
  // What its triggers raise or fail with may be a sensitive value, whatever its own columns are.
  bool triggers_quote = false;
  bool triggers_name = false;   // they do not, but by names that may come to mean something else
  std::vector<Column> columns;  // by attnum; dropped columns are left out
  // Of what a session has made or changed itself (overlay.h): what its columns hold is not known;
  // there may be others than these, in other places.
  bool of_session = false;
  bool columns_unknown = false;
  // And one of those that are not listed may be an heir's, or another one over there, and
  // sensitive.
  bool more_may_be_sensitive = false;
  Oid same_as = 0;  // it is another name of that one
  // But all that is in it came by statements that were judged, and were no copies.
  bool only_written_here = false;
  bool holds_anything() const { return of_session && !only_written_here; }
  // It was dropped or undone since, perhaps: its name may be that of somebody else's relation.
  bool may_be_gone = false;
  bool goes_at_end = false;  // with its transaction
  // Whether a name with that schema before it may mean this one; "": none is given.
  bool may_be_in(std::string_view given_schema) const;
  // Moves with all else that makes it what it is: its owner and options, and who last wrote its
  // rules, triggers, defaults, constraints and policies.
  std::string revision;
  // Names of the functions and types that these, its columns and its indexes are made of.
  std::vector<std::string> stands_on;
  // Temporary relations that the functions may make that run where it is read, and where it is
  // changed.
  Temporaries temporaries_of_reading, temporaries_of_writing;
  const Column* column(std::string_view column_name) const;
  const Column* column(std::int16_t attnum) const;
  bool any_sensitive() const;
};

struct Function {
  Oid oid = 0;
  std::string schema;
  std::string name;
  char volatility = 'v';  // i s v
  char kind = 'f';        // f p(rocedure) a(ggregate) w(indow)
  std::string language;   // internal c sql plpgsql ...
  bool returns_set = false;
  // What it gives in FROM: 's' one value, 'r' a row of `outputs` (OUT and TABLE parameters), '?'
  // a row or value whose shape the call decides (record, polymorphic, composite).
  char shape = '?';
  std::vector<std::string> outputs;
  // An extension's own, or what the server makes with a range type; PostgreSQL's own need no mark.
  bool shipped = false;
  // One that calls itself stable or immutable, while its body or a default calls what is not.
  bool does_more = false;
  // Its body could be read whole: all that it gives comes from its arguments, from PostgreSQL's own
  // functions that compute, and from relations of those names that it reads.
  bool followed = false;
  // Names of relations in its body, by way of other functions too, as far as they can be read. One
  // without letters alone: they are more than is kept account of.
  std::vector<std::string> reads;
  // Of an extension, in SQL: it is an expression over its arguments and nothing else.
  bool is_expression = false;
  // Of a trigger's, in PL/pgSQL: what it raises or fails with is never a sensitive value.
  bool quotes_nothing = false;
  // The same: it changes no row and no setting, and what runs unnamed sets none.
  bool sets_nothing = false;
  // Of an aggregate of users: its transition function, its final one and so on.
  std::vector<const Function*> parts;
  // Its state is of type internal: whether its parts fit together nobody has checked.
  bool keeps_memory = false;
  // Of users' own: who last wrote it, and what stands in its body that is the name of a relation or
  // function of users.
  std::string revision;
  std::vector<std::string> names;
  bool names_unread = false;  // its body is too long, or has letters by number: any
  // Relations that it may make, or what it reaches.
  Temporaries temporaries;
};
bool of_postgres(const Function& function);
bool of_postgres(const Relation& relation);
// Where it is a trigger's function.
bool may_quote_as_trigger(const Function& function);

// A function that runs where a statement names something else: an operator, the target type of a
// cast, a function whose parameter has a check, an operator class.
struct HiddenCall {
  std::string name;
  Oid function = 0;
  Oid type = 0;  // where the name is a type's, and whatever is of that type goes through the call
};

// What the catalogue says of one result column.
struct ColumnSensitivity {
  bool known = false;            // the relation and the column are in this snapshot
  std::optional<MaskKind> mask;  // set where the value must be masked
  bool computed = false;         // Column::computed
};

class Catalog {
 public:
  // Counts up with each snapshot that the builder's caller makes.
  std::uint64_t version() const { return version_; }
  // False where something could not be read because somebody held a lock: soon it can be.
  bool whole() const { return rest_->whole; }
  // False where no rule matches anything: then nothing needs masking by column.
  bool any_sensitive() const { return rest_->any_sensitive; }
  // Some function of users makes relations.
  bool any_temporaries() const { return rest_->any_temporaries; }
  // What the functions of event triggers raise or fail with may be a sensitive value.
  bool event_triggers_quote() const { return rest_->event_triggers_quote; }
  bool event_triggers_name() const { return rest_->event_triggers_name; }
  // Something that runs where no statement names it (a cast, an operator class, a check, an
  // expression of a table that is looked at to plan, a policy) may change settings.
  bool unnamed_code_sets() const { return rest_->unnamed_code_sets; }
  // What runs before a statement does, when it is parsed, bound or planned, may make relations or
  // change them: such code, or a function that does not call itself volatile.
  bool early_code_defines() const { return rest_->early_code_defines; }
  // What runs where no statement names it may write to, or drop, what is called so: a text that it
  // runs finds a session's own relation by the name.
  bool may_be_written_unseen(std::string_view name) const {
    return rest_->unnamed_code_writes_anything || rest_->written_by_unnamed_code.contains(name);
  }
  // Where what is called so is dropped with CASCADE, a policy or an event trigger may go, too.
  bool rights_stand_on(std::string_view name) const { return rest_->under_rights.contains(name); }
  // A table that is called so has a policy, which a column may take along.
  bool has_policies(std::string_view table) const { return rest_->with_policies.contains(table); }
  // Whether some table or view of users has a sensitive column of that name.
  bool names_sensitive(std::string_view column) const {
    return rest_->sensitive_names.contains(column);
  }
  // server_version_num; 0 unknown
  int server_version() const { return rest_->server_version; }

  const Relation* relation(Oid oid) const;
  bool knows(Oid oid) const { return relation(oid) != nullptr; }
  // All relations of that name, in any schema (composite types and indexes are left out).
  std::span<const Relation* const> relations_named(std::string_view name) const;
  std::vector<const Relation*> relations_in(std::string_view schema) const;
  // What has rows of its own.
  std::vector<const Relation*> tables_of_users() const;
  // The two numbers of a RowDescription field. attnum 0 is a whole row: redact if any column is
  // sensitive. System columns (attnum < 0) are known and clear. relation 0 is not known.
  ColumnSensitivity sensitivity(Oid relation, std::int16_t attnum) const;
  // The same in short: nullopt where clear or not known; ask knows() first.
  std::optional<MaskKind> mask_of(Oid relation, std::int16_t attnum) const {
    return sensitivity(relation, attnum).mask;
  }

  const Function* function(Oid oid) const;  // for the FunctionCall message
  std::span<const Function* const> functions_named(std::string_view name) const;
  std::span<const Function* const> hidden_calls_of_operator(std::string_view name) const;
  std::span<const Function* const> hidden_calls_of_cast(std::string_view type_name) const;
  // "" where there is none of this number. PostgreSQL's own (is_builtin_type) are not listed.
  std::string_view type_name(Oid type) const;
  std::string_view type_revision(Oid type) const;  // who wrote it, its checks, labels, casts
  std::vector<Oid> types_named(std::string_view name) const;
  // Of users: what it is an array, a domain or a range of, and the types of its fields.
  std::span<const Oid> parts_of_type(Oid type) const;
  // Moves with all else of users that is called so: operators, collations, casts from and to
  // PostgreSQL's own types. "": with what acts without being named.
  std::string_view name_revision(std::string_view name) const;
  // Functions of users with a body that run where nobody names a function: those of event triggers,
  // casts, operators and operator classes.
  std::span<const Oid> run_unnamed() const { return rest_->run_unnamed; }
  // Moves with what is in the schema of that name.
  std::string_view schema_members(std::string_view name) const;
  // Of the words of a text (words.h) those that are names of anything of users.
  std::vector<std::string> names_of_users(const std::vector<std::string>& words) const;
  // What runs for whatever becomes a value of that type: the checks of a domain, what orders the
  // bounds of a range.
  std::span<const Function* const> checks_of_type(std::string_view name) const;
  std::span<const Function* const> checks_of_type(Oid oid) const;
  // What runs when a column of that type gets the type's own default.
  std::span<const Function* const> calls_of_default(Oid type) const;
  bool any_default_computed() const { return !rest_->default_calls.empty(); }
  // What the defaults, checks, keys and indexes of a table call.
  std::span<const Function* const> calls_of_table(Oid relation) const;
  // Also by the name of a type, of its default one.
  std::span<const Function* const> hidden_calls_of_operator_class(std::string_view name) const;
  bool any_hidden_cast() const { return !rest_->casts.empty(); }
  // Users have made a cast of a row to something else.
  bool any_cast_of_rows() const { return rest_->any_cast_of_rows; }
  // Of values of that type, or of what they are stored as, a cast of users that nobody asks for may
  // make any others (coercions.h).
  // What these casts call; null: the catalogue does not have it.
  std::span<const Function* const> coercions() const { return rest_->coercions; }
  bool is_coerced(Oid type) const;
  bool is_coerced(std::string_view type_name) const;
  bool any_coerced() const { return !rest_->coerced_types.empty(); }
  // One of PostgreSQL's own, which may be in any statement.
  bool any_coerced_builtin() const;
  // The tables and views that lose or change something when an index, a type, a function, another
  // table or whatever else is called so goes away or changes.
  std::span<const Relation* const> tables_on(std::string_view name) const;
  // Whose index or statistics are called so.
  std::span<const Relation* const> tables_of_index(std::string_view name) const;
  // A session has changed something of it itself.
  bool is_laid_over() const { return base_ != nullptr; }
  // More was made in the open transaction than can be followed: any name may stand for anything.
  bool any_name_is_unknown() const { return any_name_is_unknown_; }
  // Every relation of which `test` is true.
  std::vector<const Relation*> relations_where(
      const std::function<bool(const Relation&)>& test) const;
  // That hold values of the type, or rows of the table, of that name.
  std::span<const Relation* const> tables_of_type(std::string_view name) const;

 private:
  friend class CatalogBuilder;
  friend class Overlay;

  // Everything but relations: all that are laid over one have the same.
  struct Rest {
    int server_version = 0;
    bool whole = true;
    bool any_sensitive = false;
    bool any_temporaries = false;
    bool event_triggers_quote = false, event_triggers_name = false;
    bool unnamed_code_sets = false;
    bool any_cast_of_rows = false;
    bool early_code_defines = false;
    bool unnamed_code_writes_anything = false;
    std::set<std::string, std::less<>> written_by_unnamed_code;
    std::set<std::string, std::less<>> sensitive_names, under_rights, with_policies;
    std::vector<Function> functions;
    std::unordered_map<Oid, const Function*> function_by_oid;
    std::unordered_map<std::string, std::vector<const Function*>> functions_by_name, operators,
        casts, operator_classes, checks;
    std::unordered_map<Oid, std::vector<const Function*>> checks_by_type, default_calls,
        table_calls;
    std::unordered_map<Oid, std::string> types, type_revisions;
    std::unordered_map<std::string, std::vector<Oid>> types_by_name;
    std::unordered_map<Oid, std::vector<Oid>> parts_of_types;
    std::set<Oid> coerced_types;
    std::vector<const Function*> coercions;
    std::unordered_map<std::string, std::string> name_revisions, schema_members;
    std::vector<std::string> users_operators;
    std::vector<Oid> run_unnamed;
    std::unordered_map<std::string, std::vector<const Relation*>> tables_on, tables_of_index,
        tables_of_type;
  };

  std::shared_ptr<const Rest> rest_ = std::make_shared<Rest>();
  std::uint64_t version_ = 0;
  std::vector<Relation> relations_;
  std::unordered_map<Oid, const Relation*> relation_by_oid_;
  std::unordered_map<std::string, std::vector<const Relation*>> relations_by_name_;
  // What this is laid over: relations that are not here are looked for there.
  const Catalog* base_ = nullptr;
  std::shared_ptr<const Catalog> keeps_base_;
  std::deque<Relation> laid_over_;
  bool any_name_is_unknown_ = false;
};

}  // namespace sluice::sql
