// SPDX-License-Identifier: Apache-2.0
// A catalogue with what one session has made and changed laid over it, so that everything that asks
// a catalogue (lineage, actions, plans, errors) sees the database as that session does. What cannot
// be known exactly is another candidate for a name, or a relation whose columns are not known.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "sql/catalog.h"
#include "sql/statement.h"

namespace sluice::sql {

class Overlay {
 public:
  explicit Overlay(std::shared_ptr<const Catalog> base);
  // `base` must outlive it.
  explicit Overlay(const Catalog& base);
  Overlay(const Overlay&) = delete;
  Overlay& operator=(const Overlay&) = delete;

  // Changes in place what catalog() gave, which then has another version.
  void apply(const CatalogChange& change);
  // Columns may be what they were before.
  void doubt();
  // Any name may stand for anything.
  void anything();
  // The change is of a temporary relation, which the catalogue never has; or may be, by the
  // search_path.
  bool lasts(const CatalogChange& change) const;
  // Where a relation is made that no schema is given for may be pg_temp.
  void temporary_first() { temporary_first_ = true; }
  // Something may have been written to any relation that was made here and is not known.
  void distrust();
  bool distrusted() const { return distrusted_; }

  // overlay_gone.cpp: of relations that were made here, which may be gone.
  // Is done by apply(); by itself for a change that is laid over it already.
  void presence(const CatalogChange& change);
  // Dropped, or undone by a rollback: "" stands for any schema, and for any name.
  void gone(std::string_view schema, std::string_view name);
  void transaction_ends(bool committed);
  using Names = std::set<std::pair<std::string, std::string>>;  // with their schemas
  Names gone() const;
  void only_gone(const Names& names);

  // Nothing was laid over it that makes a difference.
  bool empty() const { return !changed_; }

  const Catalog& catalog() const { return *catalog_; }
  std::shared_ptr<const Catalog> shared() const { return catalog_; }

 private:
  using Change = std::function<void(Relation&)>;
  explicit Overlay(std::shared_ptr<Catalog> over);
  std::vector<Oid> candidates(std::string_view schema, std::string_view name) const;
  // Everything that is that relation, by whatever name.
  void each(const std::vector<Oid>& relations, const Change& change);
  Relation& own(Oid oid);
  Relation& add(Relation relation);
  Relation& put(Relation relation);
  void dependents(std::string_view name, bool views);
  void columns(const CatalogChange& change);
  void other_columns(const std::vector<Oid>& of);
  std::vector<Oid> family(const std::vector<Oid>& of) const;
  bool comes_from_far(const Relation& relation) const;
  // What has rows in common with it, or what it stands for, has something sensitive.
  bool hides_something(const Relation& relation) const;
  void new_relation(const CatalogChange& change);
  void other_name(const std::vector<Oid>& relations, std::string_view schema,
                  std::string_view name);
  void rule(const CatalogChange& change);
  void foreign_key(const CatalogChange& change);
  void heir(const CatalogChange& change);
  void trigger(const CatalogChange& change);
  void called(std::string_view name, std::string_view before);
  void cascade(const CatalogChange& change);
  std::vector<const Relation*> made_here() const;
  void may_be_gone(const Relation& relation, bool gone);
  void given_by(const Relation& relation, std::string_view schema, std::string_view name);
  void kin(Oid of, const std::vector<const Relation*>& more);
  void far(Oid of, const std::vector<const Relation*>& below);
  void next_version();

  // The server is not going to give it to anything soon; what it stands for is never sent there.
  static constexpr Oid kFirstOwnOid = 0xF0000000;

  std::shared_ptr<Catalog> catalog_;
  std::unordered_map<Oid, Relation*> own_;
  std::unordered_set<Oid> temporary_;
  // What things were called before, or in what schema.
  std::unordered_map<std::string, std::vector<std::string>> before_;
  bool temporary_first_ = false;
  bool distrusted_ = false;
  bool changed_ = false;
  Oid next_ = 0;
};

// overlay_columns.cpp
Column column_named(std::string_view name, std::size_t attnum);
// Neither what it holds nor what whoever changes it does by that.
void not_known_any_more(Relation& relation);

}  // namespace sluice::sql
