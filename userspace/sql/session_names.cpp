// SPDX-License-Identifier: Apache-2.0
#include "sql/session_names.h"

#include <algorithm>

namespace sluice::sql {
namespace {

template <class T>
void add_missing(std::vector<T>& to, const std::vector<T>& more) {
  for (const T& item : more)
    if (std::find(to.begin(), to.end(), item) == to.end()) to.push_back(item);
}

OutputColumn worse(const OutputColumn& a, const OutputColumn& b) {
  if (a == b) return a;
  OutputColumn out;
  const bool both_clear = a.clear() && b.clear();
  out.kind = both_clear ? OutputColumn::Kind::kClear
             : std::max(a.kind, b.kind) == OutputColumn::Kind::kOpaque
                 ? OutputColumn::Kind::kOpaque
                 : OutputColumn::Kind::kDerived;
  out.mask = MaskKind::kRedact;
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
  add_missing(out.objects, b.objects);
  add_missing(out.kin, b.kin);
  add_missing(out.columns, b.columns);
  add_missing(out.notes, b.notes);
  out.unbounded |= b.unbounded;
  out.changes_meaning |= b.changes_meaning;
  out.changes_reading |= b.changes_reading;
  out.blinds |= b.blinds;
  out.literals_matter |= b.literals_matter;
  out.searches_sensitive |= b.searches_sensitive;
  out.copies_sensitive |= b.copies_sensitive;
  out.touches_sensitive |= b.touches_sensitive;
  worst_lineage(out, b);
  return out;
}

void SessionNames::widen(Space space, std::string_view name, const Statement& statement) {
  Names& names = names_of(space);
  const auto found = names.find(name);
  if (found != names.end()) {
    found->second = std::make_shared<const Statement>(worst_of(*found->second, statement));
    return;
  }
  if (size() >= names_max_) {
    overflowed_ = true;
    return;
  }
  names.emplace(std::string{name}, std::make_shared<const Statement>(statement));
}

void SessionNames::sent(Space space, std::string_view name, const Statement& statement) {
  widen(space, name, statement);
}

void SessionNames::completed(Space space, std::string_view name, const Statement& statement) {
  Names& names = names_of(space);
  const auto found = names.find(name);
  if (found == names.end()) return widen(space, name, statement);
  found->second = std::make_shared<const Statement>(statement);
}

void SessionNames::closed(Space space, std::string_view name) {
  Names& names = names_of(space);
  if (const auto found = names.find(name); found != names.end()) names.erase(found);
}

void SessionNames::sent(const Statement& statement) {
  if (statement.kind == StatementKind::kPrepare) widen(Space::kPrepared, statement.name, statement);
  if (statement.kind == StatementKind::kDeclareCursor)
    widen(Space::kCursor, statement.name, statement);
}

void SessionNames::completed(const Statement& statement) {
  switch (statement.kind) {
    case StatementKind::kPrepare: completed(Space::kPrepared, statement.name, statement); break;
    case StatementKind::kDeclareCursor: completed(Space::kCursor, statement.name, statement); break;
    case StatementKind::kDeallocate:
      statement.name.empty() ? prepared_.clear() : closed(Space::kPrepared, statement.name);
      break;
    case StatementKind::kCloseCursor:
      statement.name.empty() ? cursors_.clear() : closed(Space::kCursor, statement.name);
      break;
    case StatementKind::kDiscard:
      if (statement.name == "ALL") clear();
      break;
    default: break;
  }
}

void SessionNames::clear() {
  prepared_.clear();
  cursors_.clear();
  overflowed_ = false;
}

std::shared_ptr<const Statement> SessionNames::find(Space space, std::string_view name) const {
  if (overflowed_) return nullptr;
  const Names& names = space == Space::kPrepared ? prepared_ : cursors_;
  const auto found = names.find(name);
  return found == names.end() ? nullptr : found->second;
}

}  // namespace sluice::sql
