// SPDX-License-Identifier: Apache-2.0
// What lineage knows of values and rows. Names view the catalogue, the parse tree or literals,
// which all outlive it.
#pragma once

#include <sluice/resource.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "sql/catalog.h"

namespace sluice::sql {

enum class Taint : std::uint8_t { kClear, kColumn, kDerived, kOpaque };  // the larger one wins

struct Row;

struct Value {
  Taint taint = Taint::kClear;
  MaskKind mask = MaskKind::kRedact;  // of kColumn
  Oid relation = 0;                   // of one base column, unchanged
  std::int16_t attnum = 0;
  std::shared_ptr<const Row> row;  // a composite value whose fields are known
  // To compute it may be noticed elsewhere, and that may be left to where it is used: the server
  // pulls up subqueries and views.
  bool traced = false;
  // A row, or made of one: whether it is NULL, the server asks of one column after the other.
  bool of_row = false;
  // It may be a column of what this session has made, with nothing sensitive in it: the server then
  // gives a number for it that the catalogue does not have.
  bool of_session = false;
  bool sensitive() const { return taint != Taint::kClear; }
};

struct Field {
  std::string_view name;  // empty: it may have any name
  Value value;
  const Relation* table = nullptr;  // of a column of a base relation
  bool generated = false;           // so is the column
  // Of SEARCH or CYCLE: it has a name and a place, but a star here does not stand for it.
  bool not_in_star = false;
};

struct Row {
  std::vector<Field> fields;
  // Set where there may be more columns than `fields`, in unknown places: what each of them is.
  std::optional<Value> rest;
};

Value clear_value();
Value opaque_value();
Value traced(Value value);
Row opaque_row();

// Computed from both.
Value derived_from(const Value& a, const Value& b);
// The same as `derived_from(a, {})`: no longer the column itself.
Value changed(const Value& value);
// One or the other: UNION, candidates of a name.
Value either(const Value& a, const Value& b);
Row either(const Row& a, const Row& b);
// All fields together, as one value (whole row, json).
Value whole(const Row& row);
bool same_taints(const Row& a, const Row& b);
// What a star stands for, of what is in reach.
void leave_out_of_star(Row& row);
// As a value the row has all of its fields.
bool any_not_in_star(const Row& row);
Row all_in_star(Row row);
// Of the values: no longer with fields that are known.
void forget_fields(Row& row);
void append(Row& to, const Row& more);
// Gives the first fields other names, as an alias with a column list does.
void rename(Row& row, const std::vector<std::string_view>& names);
Row row_of(const Relation& relation);

}  // namespace sluice::sql
