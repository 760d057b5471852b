// SPDX-License-Identifier: Apache-2.0
// Turns rows of the catalogue queries and the policy's column rules into a Catalog. One use.
#pragma once

#include <sluice/resource.h>
#include <sluice/result.h>

#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "sql/catalog.h"
#include "sql/catalog_queries.h"
#include "sql/standing.h"

namespace sluice::sql {

using CatalogRow = std::span<const std::optional<std::string_view>>;  // nullopt is SQL NULL

class CatalogBuilder {
 public:
  explicit CatalogBuilder(CatalogLimits limits = {});
  // One row of that query. Rows of one query may come in any order; an error means that the
  // snapshot cannot be used.
  Result<void> add_row(CatalogTable table, CatalogRow row);
  // Marks what `sensitive` names (rules with detectors only are passed over), lets parents,
  // children and views inherit, and builds the indexes. `version` should count up.
  Result<std::shared_ptr<const Catalog>> build(const std::vector<SensitiveRule>& sensitive,
                                               std::uint64_t version) &&;

 private:
  struct Inheritance {
    Oid child = 0, parent = 0;
  };
  // A column that holds what others hold.
  struct Dependent {
    Oid relation = 0;
    std::int16_t attnum = 0;
    Oid source = 0;
    std::int16_t source_attnum = 0;  // 0: any of its columns
  };
  // What makes a view what it is, or a rule of CREATE RULE.
  struct Rewrite {
    Oid relation = 0;
    char event = 0;  // pg_rewrite.ev_type
    std::string definition;
    bool locked = false;
  };
  // Of a function that calls itself stable or immutable.
  struct Definition {
    std::size_t function = 0;  // its place
    std::string text;
  };
  // What stands in an aggregate, in a body that is kept as a tree, in a parameter's default; the
  // function that a domain's default (d) or an expression of a table (k) calls, or a type that the
  // latter casts to (c); one that runs where nobody names it (u): of these there is no caller.
  struct Call {
    Oid caller = 0;
    char kind = 'w';  // f(unction) t(ype) r(elation); w: it writes
    Oid object = 0;
  };
  struct Body {
    Function* function = nullptr;
    std::vector<ObjectRef> objects;  // what it names
    bool whole = true;               // and all of it
    bool believed = false;           // an extension's, which says itself whether it does more
  };
  // The function of triggers: of these tables, or of event triggers.
  struct Trigger {
    Oid function = 0;
    std::string definition;
    std::vector<Oid> tables;
    bool of_events = false;
  };
  struct ForeignTable {
    Oid relation = 0;
    bool by_name = false;  // of postgres_fdw: `remote` is what it asks for
    ObjectRef remote;
    std::unordered_map<std::string, std::string> renamed;  // columns, where they differ
  };
  // True if it changed something: a mask is only made to tell less.
  static bool raise(std::optional<MaskKind>& mask, MaskKind to);
  static bool mark_computed(Column& column);
  Result<void> add_relation(CatalogRow row);
  Result<void> add_column(CatalogRow row);
  Result<void> add_function(CatalogRow row);
  Result<void> add_type(CatalogRow row);
  Result<void> add_dependent(CatalogRow row);
  Result<void> add_rewrite(CatalogRow row);
  Result<void> add_foreign_key(CatalogRow row);
  Result<void> add_foreign_table(CatalogRow row);
  // catalog_standing.cpp
  Result<void> add_standing(CatalogRow row);
  Result<void> attach_standing();
  // catalog_revisions.cpp
  Result<void> add_revision(CatalogRow row);
  void attach_revisions();
  // catalog_temporaries.cpp
  bool read_temporaries();
  void attach_temporaries();
  Result<void> add_trigger(CatalogRow row);
  void attach_columns();
  void note_generated();
  void index();
  void find_kin();
  void index_hidden_calls();
  void attach_foreign_keys();
  void mark_rules(const std::vector<SensitiveRule>& rules);
  void mark_statistics();
  void list_sensitive_names();
  void spread_over_inheritance();
  bool mark_dependents();
  void mark_views();
  bool mark_view(Relation& view, const Rewrite& rewrite);
  template <class Visit>
  void names_reached(const Statement& definition, const Visit& visit) const;
  void put_views_in_order(const std::unordered_map<Oid, Relation*>& by_oid);
  // catalog_bodies.cpp
  void attach_calls();
  void attach_call(const Call& call, Body& body);
  bool attach_expression(const Call& call);
  void attach_checks();
  std::optional<Statement> read_body(const std::string& definition) const;
  void read_bodies();
  bool mark_callers();
  // catalog_followed.cpp
  void follow_bodies();
  // catalog_coercions.cpp
  void read_coercions();
  void add_types_made_of(std::set<Oid>& types) const;
  // catalog_triggers.cpp
  void read_triggers();
  // catalog_unnamed.cpp
  bool names_setting(const Function& function) const;
  bool may_set(const Function& function) const;
  std::vector<const Relation*> written_with(const Relation& first) const;
  void reach_from(const Function& function, std::vector<const Function*>& reached) const;
  void mark_unnamed_code();
  void note_written(const Function& function);
  bool may_define_early(const Function& function, bool unnamed) const;
  // catalog_foreign.cpp
  void attach_foreign_tables();
  bool mark_foreign_tables();
  // catalog_rewrites.cpp
  void read_rewrites();
  bool read_rewrite(Relation& relation, const Rewrite& rewrite);

  CatalogLimits limits_;
  std::shared_ptr<Catalog> catalog_;
  std::shared_ptr<Catalog::Rest> rest_;  // the catalogue's
  std::unordered_map<Oid, std::vector<Column>> columns_;
  std::size_t columns_count_ = 0;
  std::vector<Inheritance> inheritance_;
  std::vector<Dependent> dependents_;
  std::vector<Rewrite> views_, rewrites_;
  std::vector<HiddenCall> operators_, casts_, operator_classes_;
  std::vector<HiddenCall> coercions_;  // casts that run unasked: of its two types the one of users
  std::vector<std::string> takes_any_type_;  // functions that may run any of these checks
  std::set<const Function*> all_checks_;
  std::vector<Call> calls_;
  std::vector<Definition> definitions_;
  Standing standing_;
  std::vector<Body> bodies_;
  std::vector<std::pair<Oid, ForeignKey>> foreign_keys_;  // by what they refer to
  std::vector<ForeignTable> foreign_tables_;
  std::vector<Trigger> triggers_;
  std::vector<Oid> unnamed_;  // functions that run where nobody names them
  std::vector<std::pair<Oid, std::int16_t>> primary_keys_;  // relation and column
  using Texts = std::unordered_map<Oid, std::vector<std::string>>;
  Texts relation_revisions_, function_revisions_, type_revisions_, words_of_functions_;
  std::unordered_map<Oid, MadeInBody> made_in_bodies_;
  std::unordered_map<std::string, std::vector<std::string>> name_revisions_, schema_members_;
  // Bodies that are kept as a text; those that cannot be read by their words.
  std::set<Oid> text_bodies_, unread_bodies_, escaped_bodies_;
};

}  // namespace sluice::sql
