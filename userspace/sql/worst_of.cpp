// SPDX-License-Identifier: Apache-2.0
#include "sql/worst_of.h"

#include <algorithm>

#include "sql/distinct.h"
#include "sql/limits.h"

namespace sluice::sql {
namespace {

// False where `max` is too small for all of them.
template <class T>
bool add_missing(std::vector<T>& to, const std::vector<T>& more, std::size_t max) {
  Distinct<T> distinct;
  for (const T& item : more) {
    if (distinct.has(to, item)) continue;
    if (to.size() >= max) return false;
    to.push_back(item);
  }
  return true;
}

OutputColumn worse(const OutputColumn& a, const OutputColumn& b) {
  if (a == b) return a;
  OutputColumn out;
  const bool both_clear = a.clear() && b.clear();
  out.kind = both_clear ? OutputColumn::Kind::kClear
             : std::max(a.kind, b.kind) >= OutputColumn::Kind::kOpaque
                 ? OutputColumn::Kind::kOpaque
                 : OutputColumn::Kind::kDerived;
  out.mask = MaskKind::kRedact;
  out.traced = a.traced || b.traced;
  out.of_session = a.of_session || b.of_session;
  return out;
}

void worst_lineage(Statement& out, const Statement& b) {
  using enum ResultLineage;
  if (out.lineage == kByColumn && b.lineage == kByColumn &&
      out.outputs.size() == b.outputs.size()) {
    for (std::size_t i = 0; i < out.outputs.size(); ++i)
      out.outputs[i] = worse(out.outputs[i], b.outputs[i]);
    return;
  }
  if (out.lineage == kNoRows) {
    out.lineage = b.lineage;
    out.outputs = b.outputs;
    return;
  }
  if (b.lineage == kNoRows || (out.lineage == kAllClear && b.lineage == kAllClear)) return;
  const auto all_clear = [](const Statement& s) {
    return s.lineage == kAllClear ||
           (s.lineage == kByColumn && std::all_of(s.outputs.begin(), s.outputs.end(),
                                                  [](const auto& o) { return o.clear(); }));
  };
  out.lineage = all_clear(out) && all_clear(b) ? kAllClear : kUnknown;
  out.outputs.clear();
}

}  // namespace

Statement worst_of(const Statement& a, const Statement& b) {
  Statement out = a;
  out.actions.add(b.actions);
  const Limits limits;
  const bool objects = add_missing(out.objects, b.objects, limits.objects_max);
  const bool kin = add_missing(out.kin, b.kin, limits.objects_max);
  const bool columns = add_missing(out.columns, b.columns, limits.columns_max);
  const bool writes = add_missing(out.writes, b.writes, limits.objects_max);
  const bool runs = add_missing(out.runs, b.runs, limits.objects_max);
  out.missing.insert(out.missing.end(), b.missing.begin(), b.missing.end());
  out.makes.insert(out.makes.end(), b.makes.begin(), b.makes.end());
  out.makes_anything |= b.makes_anything;
  out.changes.insert(out.changes.end(), b.changes.begin(), b.changes.end());
  if (!objects || !kin || !columns || !writes || !runs) out.actions.add(Action::kUnknown);
  for (const NameUse& use : b.uses)
    if (std::find(out.uses.begin(), out.uses.end(), use) == out.uses.end()) out.uses.push_back(use);
  for (const auto& note : b.notes)
    if (std::find(out.notes.begin(), out.notes.end(), note) == out.notes.end() &&
        out.notes.size() < kNotesMax)
      out.notes.push_back(note);
  if (out.not_followed.empty()) out.not_followed = b.not_followed;
  out.unbounded |= b.unbounded;
  out.changes_meaning |= b.changes_meaning;
  out.changes_reading |= b.changes_reading;
  out.temporary_first |= b.temporary_first;
  out.writes_unseen |= b.writes_unseen;
  out.fills_unseen |= b.fills_unseen;
  out.blinds |= b.blinds;
  out.sets_constraints |= b.sets_constraints;
  out.keeps_errors |= b.keeps_errors;
  out.literals_matter |= b.literals_matter;
  out.searches_sensitive |= b.searches_sensitive;
  out.copies_sensitive |= b.copies_sensitive;
  out.touches_sensitive |= b.touches_sensitive;
  out.computes_opaque |= b.computes_opaque;
  out.computes_sensitive |= b.computes_sensitive;
  worst_lineage(out, b);
  return out;
}

}  // namespace sluice::sql
