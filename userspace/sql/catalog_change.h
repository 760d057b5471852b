// SPDX-License-Identifier: Apache-2.0
// What a statement changes of relations, as far as later statements of its session mean something
// else by that before the catalogue has it (overlay.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace sluice::sql {

struct Statement;

struct CatalogChange {
  enum class Kind : std::uint8_t {
    kNewRelation,  // or one in the place of another: `replaces`
    kColumnAdded,  // `other_name`
    kColumnGone,   // `other_name`
    kColumnNamed,  // `other_name` is called `new_name`
    kColumns,      // of whatever columns
    kTypeColumns,  // of the tables and types made of the type `name`
    kRule,         // `event`, `does`
    kForeignKey,   // the relation refers to `other`
    kHeir,         // the relation is a part or an heir of `other`
    kTrigger,      // it has one, whose function is `other`
    kOtherName,    // the relation is called `new_name`, in `new_schema`
    kOtherSchema,  // all relations of the schema `name` are in `new_schema`
    kCalled,       // what is no relation is called `new_name`, or is in `new_schema`
    kCascade,      // what stands on the thing `name` goes, or parts of it; "": on whatever
    kGone,         // the relation is dropped; `name` "": all of that schema; both "": whatever is
  };
  Kind kind = Kind::kNewRelation;
  // As the statement names them; "" where it does not say.
  std::string schema, name;
  std::string other_schema, other_name;
  std::string new_schema, new_name;
  bool temporary = false;  // it says so
  bool replaces = false;
  bool certain = true;  // false: that the statement has run does not say that this was done
  char relkind = 'r';   // pg_class.relkind; '?': not known
  // Of a new relation, in order; `columns_known` false: there may be others.
  std::vector<std::string> columns;
  bool columns_known = false;
  // What is in it from the start was looked at where it was copied, if it is nothing at all; there
  // may be other columns.
  bool contents_judged = false;
  bool columns_may_go = false;  // of a temporary one, without this session
  // Something that was not looked at may be in it, or come into it by itself. Of columns, too.
  bool fills_itself = false;
  bool goes_at_end = false;  // ON COMMIT DROP
  // ForeignKey's; `event` is pg_rewrite.ev_type.
  char on_delete = 'a', on_update = 'a', event = 0;
  std::vector<std::string> referenced, referring;
  // What whoever uses the relation does by that: filled in when the statement is understood
  // (catalog_changes.h), where `acts` is set.
  bool acts = false;
  // What it names had another name when it was made, or is gone.
  bool lost = false;
  std::shared_ptr<const Statement> does;
  bool operator==(const CatalogChange&) const = default;
};

}  // namespace sluice::sql
