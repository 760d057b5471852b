// SPDX-License-Identifier: Apache-2.0
#include "sql/session_catalog.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace sluice::sql {
namespace {

bool depends_on_others(const Statement& statement) {
  return std::any_of(statement.changes.begin(), statement.changes.end(),
                     [](const CatalogChange& change) { return change.acts; });
}

bool is_cascade(const CatalogChange& change) {
  return change.kind == CatalogChange::Kind::kCascade;
}

// What a function that was called may have made: to have it twice makes no difference.
bool is_of_call(const CatalogChange& change) {
  return change.kind == CatalogChange::Kind::kNewRelation && change.temporary && !change.certain &&
         !change.does;
}

// Of what is not temporary the catalogue knows what is left.
CatalogChange of_temporary_relations(CatalogChange change) {
  if (is_cascade(change)) change.name.clear();
  return change;
}

}  // namespace

bool SessionCatalog::concerns(const Statement& statement) {
  return !statement.changes.empty() || statement.makes_anything || may_fill_anything(statement) ||
         statement.kind == StatementKind::kRollbackToSavepoint;
}

void SessionCatalog::arrived(Pointer base) {
  base_ = std::move(base);
  rebuild();
}

void SessionCatalog::mistrust(const Statement& statement) {
  temporary_first_ |= statement.temporary_first;
  distrusted_ |= may_fill_anything(statement);
  if (overlay_ && temporary_first_) overlay_->temporary_first();
  if (overlay_ && distrusted_) overlay_->distrust();
}

void SessionCatalog::begin_overlay() {
  overlay_.emplace(base_);
  if (temporary_first_) overlay_->temporary_first();
  if (distrusted_) overlay_->distrust();
  now_ = overlay_->shared();
}

void SessionCatalog::note(const Statement& statement, std::string_view text,
                          const AnalyseOptions& options) {
  mistrust(statement);
  if (statement.kind == StatementKind::kRollbackToSavepoint && !of_transaction_.empty()) {
    doubted_ = true;
    if (overlay_) overlay_->doubt();
  }
  // What was prepared in another session has nothing temporary in it.
  if (statement.makes_anything) too_much(statement.kind != StatementKind::kCommitPrepared);
  if (!statement.changes.empty()) keep(statement, text, options);
}

void SessionCatalog::note_early(const Statement& statement) {
  mistrust(statement);
  if (statement.makes_anything) too_much(true);
  Statement early;
  std::copy_if(statement.changes.begin(), statement.changes.end(),
               std::back_inserter(early.changes), is_of_call);
  if (!early.changes.empty()) keep(early, {}, {});
}

// What is not temporary the next catalogue has.
void SessionCatalog::note_failed(const Statement& statement, std::string_view text,
                                 const AnalyseOptions& options) {
  mistrust(statement);
  const bool commits =
      statement.kind == StatementKind::kDo || statement.kind == StatementKind::kCall;
  if (commits && !statement.changes.empty()) keep(statement, text, options);
}

std::vector<SessionCatalog::Bound> SessionCatalog::bindings_of(
    const std::vector<CatalogChange>& changes) const {
  std::vector<Bound> all;
  const auto add = [&](char kind, const std::string& name, const auto& found) {
    Bound bound{kind, name, {}};
    for (const auto* one : found) bound.to.push_back(one->oid);
    if (bound.to.empty()) return;
    std::sort(bound.to.begin(), bound.to.end());
    if (std::find(all.begin(), all.end(), bound) == all.end()) all.push_back(std::move(bound));
  };
  const Statement* before = nullptr;
  for (const CatalogChange& change : changes) {
    if (change.kind == CatalogChange::Kind::kTrigger)
      add('f', change.other_name, base_->functions_named(change.other_name));
    if (!change.does || change.does.get() == std::exchange(before, change.does.get())) continue;
    for (const ObjectRef& object : change.does->objects)
      if (object.kind == ObjectRef::Kind::kFunction)
        add('f', object.name, base_->functions_named(object.name));
      else if (object.name != change.name)
        add('r', object.name, base_->relations_named(object.name));
    for (const MadeName& run : change.does->runs)
      if (run.kind == MadeName::Kind::kOperator)
        add('o', run.name, base_->hidden_calls_of_operator(run.name));
      else if (run.kind == MadeName::Kind::kType)
        add('t', run.name, base_->hidden_calls_of_cast(run.name));
  }
  return all;
}

bool SessionCatalog::still_bound(const Kept& kept) const {
  const auto now = bindings_of(kept.changes);
  const auto is_there = [&](char kind, Oid oid) {
    return kind == 'r' ? base_->relation(oid) != nullptr : base_->function(oid) != nullptr;
  };
  return std::all_of(kept.bound.begin(), kept.bound.end(), [&](const Bound& then) {
    const auto same = std::find_if(now.begin(), now.end(), [&](const Bound& one) {
      return one.kind == then.kind && one.name == then.name;
    });
    // What is gone it cannot have been made of: it would be gone, too.
    return std::all_of(then.to.begin(), then.to.end(), [&](Oid oid) {
      return !is_there(then.kind, oid) ||
             (same != now.end() && std::binary_search(same->to.begin(), same->to.end(), oid));
    });
  });
}

// Temporary tables are made again and again. What a CASCADE takes away it takes from those that
// were made since, too.
bool SessionCatalog::is_kept(const Statement& statement, std::string_view text) {
  if (std::any_of(statement.changes.begin(), statement.changes.end(), is_cascade)) {
    std::erase_if(lasting_, [](const Kept& kept) {
      return kept.text.empty() && std::all_of(kept.changes.begin(), kept.changes.end(), is_cascade);
    });
    return false;
  }
  if (!of_transaction_.empty())  // the text may mean something else
    return of_transaction_.back().changes == statement.changes &&
           std::all_of(statement.changes.begin(), statement.changes.end(), is_of_call);
  return std::any_of(lasting_.begin(), lasting_.end(), [&](const Kept& kept) {
    return kept.text.empty() ? kept.changes == statement.changes
                             : kept.text == text && kept.bound == bindings_of(statement.changes);
  });
}

bool SessionCatalog::may_last(const Statement& statement) {
  return std::any_of(statement.changes.begin(), statement.changes.end(),
                     [&](const CatalogChange& change) { return overlay_->lasts(change); });
}

// From now on any name may be anything: to the end of the transaction, or of the session.
void SessionCatalog::too_much(bool lasts) {
  if (anything_ && (too_many_ || !lasts)) return;
  too_many_ |= lasts;
  anything_ = true;
  rebuild();
}

void SessionCatalog::keep(const Statement& statement, std::string_view text,
                          const AnalyseOptions& options) {
  if (base_ == nullptr || is_kept(statement, text)) return;
  if (!overlay_) begin_overlay();
  const bool full =
      of_transaction_.size() + lasting_.size() >= kKeptMax || text_bytes_ > kTextBytesMax;
  if (anything_ || full) return too_much(may_last(statement));
  Kept kept{.changes = statement.changes, .bound = {}, .text = {}, .options = options};
  kept.bound = bindings_of(kept.changes);
  if (depends_on_others(statement)) kept.text = text;
  text_bytes_ += kept.text.size();
  for (const CatalogChange& change : kept.changes) overlay_->apply(change);
  of_transaction_.push_back(std::move(kept));
}

bool SessionCatalog::apply(const Kept& kept, bool lasting) {
  std::vector<CatalogChange> again;
  if (!kept.text.empty()) {
    AnalyseOptions options = kept.options;
    options.fingerprint = false;
    const auto analysis = analyse(kept.text, overlay_->catalog(), SessionNames{}, options);
    if (analysis && analysis->statements.size() == 1) again = analysis->statements[0].changes;
  }
  if (again.empty()) again = kept.changes;
  const bool lost = !still_bound(kept);
  bool any = false;
  for (CatalogChange& change : again) {
    change.lost = lost && (change.acts || change.kind == CatalogChange::Kind::kTrigger);
    const bool lasts = overlay_->lasts(change);
    any |= lasts;
    if (lasting && lasts)
      overlay_->apply(of_temporary_relations(change));
    else if (!lasting)
      overlay_->apply(change);
  }
  return any;
}

void SessionCatalog::rebuild() {
  overlay_.reset();
  now_ = base_;
  if (base_ == nullptr || (lasting_.empty() && of_transaction_.empty() && !anything_)) return;
  begin_overlay();
  for (const Kept& kept : lasting_) apply(kept, true);
  for (const Kept& kept : of_transaction_) apply(kept, false);
  if (doubted_) overlay_->doubt();
  if (anything_) overlay_->anything();
}

void SessionCatalog::transaction_ended() {
  if (of_transaction_.empty() && anything_ == too_many_ && !doubted_) return;
  doubted_ = false;
  anything_ = too_many_;
  std::vector<Kept> ended = std::exchange(of_transaction_, {});
  rebuild();
  for (Kept& kept : ended) {
    if (base_ == nullptr) break;
    if (!overlay_) begin_overlay();
    // One that is renamed is a temporary relation from then on, whatever gets its old name.
    for (CatalogChange& change : kept.changes)
      if (change.kind == CatalogChange::Kind::kOtherName)
        change.temporary = overlay_->lasts(change);
    const bool lasts = apply(kept, true);
    const bool known = std::any_of(lasting_.begin(), lasting_.end(), [&](const Kept& one) {
      return one.text == kept.text && one.bound == kept.bound &&
             (!kept.text.empty() || one.changes == kept.changes);
    });
    if (lasts && !known)
      lasting_.push_back(std::move(kept));
    else
      text_bytes_ -= std::min(text_bytes_, kept.text.size());
  }
  if (overlay_ && overlay_->empty() && !anything_) overlay_.reset();
  now_ = overlay_ ? overlay_->shared() : base_;
}

void SessionCatalog::anything_ran() {
  temporary_first_ = distrusted_ = true;
  if (std::exchange(too_many_, true) && anything_) return;
  anything_ = true;
  rebuild();
}

void SessionCatalog::discarded() {
  lasting_.clear();
  text_bytes_ = 0;
  too_many_ = false;
  anything_ = false;
  rebuild();
}

}  // namespace sluice::sql
