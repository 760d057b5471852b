// SPDX-License-Identifier: Apache-2.0
#include "sql/session_names.h"

#include <algorithm>
#include <utility>

#include "sql/distinct.h"
#include "sql/limits.h"

namespace sluice::sql {
namespace {

constexpr std::size_t kKeptMax = 1'000'000;  // some 100 MiB

std::size_t size_of(const Statement& statement) {
  return 1 + statement.objects.size() + statement.kin.size() + statement.columns.size() +
         statement.outputs.size();
}

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
  const Limits limits;
  const bool objects = add_missing(out.objects, b.objects, limits.objects_max);
  const bool kin = add_missing(out.kin, b.kin, limits.objects_max);
  const bool columns = add_missing(out.columns, b.columns, limits.columns_max);
  if (!objects || !kin || !columns) out.actions.add(Action::kUnknown);
  for (const auto& note : b.notes)
    if (std::find(out.notes.begin(), out.notes.end(), note) == out.notes.end() &&
        out.notes.size() < kNotesMax)
      out.notes.push_back(note);
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

void SessionNames::forget(Names& names) {
  for (const auto& [name, statement] : names) kept_ -= size_of(*statement);
  names.clear();
}

bool SessionNames::put(Space space, std::string_view name, Statement statement) {
  Names& names = names_of(space);
  const auto found = names.find(name);
  if (found == names.end() && size() >= names_max_) overflowed_ = true;
  const std::size_t before = found == names.end() ? 0 : size_of(*found->second);
  if (kept_ - before + size_of(statement) > kKeptMax) overflowed_ = true;
  if (overflowed_) return false;
  kept_ += size_of(statement) - before;
  auto kept = std::make_shared<const Statement>(std::move(statement));
  if (found == names.end())
    names.emplace(std::string{name}, std::move(kept));
  else
    found->second = std::move(kept);
  return true;
}

void SessionNames::widen(Space space, std::string_view name, const Statement& statement) {
  const Names& names = names_of(space);
  const auto found = names.find(name);
  put(space, name, found == names.end() ? statement : worst_of(*found->second, statement));
}

void SessionNames::sent(Space space, std::string_view name, const Statement& statement) {
  widen(space, name, statement);
}

void SessionNames::completed(Space space, std::string_view name, const Statement& statement) {
  put(space, name, statement);
}

void SessionNames::closed(Space space, std::string_view name) {
  Names& names = names_of(space);
  const auto found = names.find(name);
  if (found == names.end()) return;
  kept_ -= size_of(*found->second);
  names.erase(found);
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
      statement.name.empty() ? forget(prepared_) : closed(Space::kPrepared, statement.name);
      break;
    case StatementKind::kCloseCursor:
      statement.name.empty() ? forget(cursors_) : closed(Space::kCursor, statement.name);
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
  kept_ = 0;
  overflowed_ = false;
}

std::shared_ptr<const Statement> SessionNames::given_by(const Statement& statement) const {
  if (statement.kind == StatementKind::kPrepare) return find(Space::kPrepared, statement.name);
  if (statement.kind == StatementKind::kDeclareCursor) return find(Space::kCursor, statement.name);
  return nullptr;
}

std::shared_ptr<const Statement> SessionNames::find(Space space, std::string_view name) const {
  if (overflowed_) return nullptr;
  const Names& names = space == Space::kPrepared ? prepared_ : cursors_;
  const auto found = names.find(name);
  return found == names.end() ? nullptr : found->second;
}

}  // namespace sluice::sql
