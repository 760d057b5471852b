// SPDX-License-Identifier: Apache-2.0
#include "sql/rows.h"

#include <algorithm>

namespace sluice::sql {

Value clear_value() { return {}; }

Value opaque_value() {
  Value value;
  value.taint = Taint::kOpaque;
  return value;
}

Value traced(Value value) {
  value.traced = true;
  return value;
}

Row opaque_row() { return {.fields = {}, .rest = opaque_value()}; }

Value changed(const Value& value) {
  Value out;
  out.taint = value.taint == Taint::kColumn ? Taint::kDerived : value.taint;
  out.traced = value.traced;
  out.of_row = value.of_row;
  out.of_session = value.of_session;
  return out;
}

Value derived_from(const Value& a, const Value& b) {
  Value out;
  out.taint = std::max(changed(a).taint, changed(b).taint);
  out.traced = a.traced || b.traced;
  out.of_row = a.of_row || b.of_row;
  out.of_session = a.of_session || b.of_session;
  return out;
}

Value either(const Value& a, const Value& b) {
  if (a.taint == Taint::kColumn && b.taint == Taint::kColumn && a.mask == b.mask) {
    Value out = a;
    out.row = nullptr;
    out.traced = a.traced || b.traced;
    out.of_row = a.of_row || b.of_row;
    if (a.relation != b.relation || a.attnum != b.attnum) out.relation = 0, out.attnum = 0;
    return out;
  }
  return derived_from(a, b);
}

Row either(const Row& a, const Row& b) {
  Row out;
  if (a.rest || b.rest)
    out.rest = either(either(a.rest.value_or(clear_value()), b.rest.value_or(clear_value())),
                      either(whole(a), whole(b)));
  if (out.rest || a.fields.size() != b.fields.size()) {
    // Positions cannot be matched: every name may be anything of both.
    const Value any = derived_from(whole(a), whole(b));
    for (const Field& field : a.fields) out.fields.push_back({field.name, any, nullptr});
    if (!out.rest) out.rest = opaque_value();
    return out;
  }
  out.fields.reserve(a.fields.size());
  for (std::size_t i = 0; i < a.fields.size(); ++i)
    out.fields.push_back({a.fields[i].name, either(a.fields[i].value, b.fields[i].value), nullptr});
  return out;
}

Value whole(const Row& row) {
  Value out = row.rest ? changed(*row.rest) : clear_value();
  for (const Field& field : row.fields) out = derived_from(out, field.value);
  return out;
}

bool same_taints(const Row& a, const Row& b) {
  const auto same = [](const Value& one, const Value& other) {
    return one.taint == other.taint && one.mask == other.mask && one.traced == other.traced &&
           one.of_row == other.of_row;
  };
  if (a.rest.has_value() != b.rest.has_value() || a.fields.size() != b.fields.size()) return false;
  if (a.rest && !same(*a.rest, *b.rest)) return false;
  for (std::size_t i = 0; i < a.fields.size(); ++i)
    if (!same(a.fields[i].value, b.fields[i].value)) return false;
  return true;
}

void leave_out_of_star(Row& row) {
  std::erase_if(row.fields, [](const Field& field) { return field.not_in_star; });
}

bool any_not_in_star(const Row& row) {
  return std::any_of(row.fields.begin(), row.fields.end(),
                     [](const Field& field) { return field.not_in_star; });
}

Row all_in_star(Row row) {
  for (Field& field : row.fields) field.not_in_star = false;
  return row;
}

void forget_fields(Row& row) {
  for (Field& field : row.fields) field.value.row = nullptr;
  if (row.rest) row.rest->row = nullptr;
}

void append(Row& to, const Row& more) {
  to.fields.insert(to.fields.end(), more.fields.begin(), more.fields.end());
  if (more.rest) to.rest = to.rest ? derived_from(*to.rest, *more.rest) : *more.rest;
}

void rename(Row& row, const std::vector<std::string_view>& names) {
  // Which place a column has is not known where there may be more: each name may be any of them.
  const Value any = row.rest && !names.empty() ? whole(row) : clear_value();
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i < row.fields.size()) {
      if (row.rest) row.fields[i].value = derived_from(row.fields[i].value, any);
      row.fields[i].name = names[i];
    } else if (row.rest) {
      row.fields.push_back({names[i], any, nullptr});
    }
  }
}

Row row_of(const Relation& relation) {
  Row row;
  row.fields.reserve(relation.columns.size());
  const bool may_compute = relation.kind == 'v' || relation.kind == '?';
  const Value unknown = may_compute ? traced(opaque_value()) : opaque_value();
  const bool clear_of_session =
      relation.of_session && relation.only_written_here && !relation.may_be_gone;
  for (const Column& column : relation.columns) {
    Value value;
    value.relation = relation.oid;
    value.attnum = column.attnum;
    value.traced = column.traced;
    value.of_session = clear_of_session;
    if (column.mask) {
      const bool shown_as_it_is = !column.computed || *column.mask != MaskKind::kRedact;
      value.taint = shown_as_it_is ? Taint::kColumn : Taint::kDerived;
      value.mask = *column.mask;
    }
    if (relation.holds_anything()) value = unknown;
    row.fields.push_back({column.name, value, &relation, column.generated});
  }
  if (relation.columns_unknown) {
    row.rest = relation.holds_anything() || relation.any_sensitive() ? unknown : clear_value();
    row.rest->of_session = clear_of_session;
  }
  return row;
}

}  // namespace sluice::sql
