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

// Which relations of its own may be gone, the overlay of now knows, and not what was done.
bool is_drop(const CatalogChange& change) { return change.kind == CatalogChange::Kind::kGone; }

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
         statement.kind == StatementKind::kSavepoint ||
         statement.kind == StatementKind::kReleaseSavepoint ||
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
  note_savepoint(statement);
  if (statement.kind == StatementKind::kRollbackToSavepoint && !of_transaction_.empty()) {
    doubted_ = true;
    if (overlay_) overlay_->doubt();
  }
  // What was prepared in another session has nothing temporary in it.
  if (statement.makes_anything) too_much(statement.kind != StatementKind::kCommitPrepared);
  if (!statement.changes.empty()) keep(statement, text, options);
  note_names(statement);
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
  if (std::all_of(statement.changes.begin(), statement.changes.end(), is_drop)) return true;
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
  if (base_ == nullptr) return;
  if (is_kept(statement, text)) {
    for (const CatalogChange& change : statement.changes)
      if (overlay_) overlay_->presence(change);
    return;
  }
  if (!overlay_) begin_overlay();
  const bool full =
      of_transaction_.size() + lasting_.size() >= kKeptMax || text_bytes_ > kTextBytesMax;
  if (anything_ || full) return too_much(may_last(statement));
  Kept kept{.changes = statement.changes, .bound = {}, .text = {}, .options = options};
  kept.bound = bindings_of(kept.changes);
  if (depends_on_others(statement)) kept.text = text;
  text_bytes_ += kept.text.size();
  for (const CatalogChange& change : kept.changes) overlay_->apply(change);
  distrusted_ |= overlay_->distrusted();
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
  const Overlay::Names gone = overlay_ ? overlay_->gone() : Overlay::Names{};
  overlay_.reset();
  now_ = base_;
  if (base_ == nullptr || (lasting_.empty() && of_transaction_.empty() && !anything_)) return;
  begin_overlay();
  for (const Kept& kept : lasting_) apply(kept, true);
  for (const Kept& kept : of_transaction_) apply(kept, false);
  overlay_->only_gone(gone);
  distrusted_ |= overlay_->distrusted();
  if (doubted_) overlay_->doubt();
  if (anything_) overlay_->anything();
}

void SessionCatalog::note_names(const Statement& statement) {
  using Kind = CatalogChange::Kind;
  if (base_ == nullptr) return;
  if (given_.size() >= kKeptMax) {  // whatever was made; savepoints are not found any more
    given_.assign(1, {});
    savepoints_.clear();
  }
  for (const CatalogChange& change : statement.changes) {
    if (change.kind == Kind::kNewRelation) given_.push_back({change.schema, change.name});
    if (change.kind == Kind::kOtherName) given_.push_back({change.new_schema, change.new_name});
    if (change.kind == Kind::kOtherSchema) given_.push_back({change.new_schema, {}});
  }
}

void SessionCatalog::note_savepoint(const Statement& statement) {
  constexpr std::size_t kSavepointsMax = 4096;
  std::size_t at = savepoints_.size();  // one past it; 0: there is none that we know
  while (at > 0 && savepoints_[at - 1].name != statement.name) --at;
  switch (statement.kind) {
    case StatementKind::kSavepoint:
      if (savepoints_.size() >= kSavepointsMax) savepoints_.clear();
      savepoints_.push_back({statement.name, given_.size()});
      break;
    case StatementKind::kReleaseSavepoint: savepoints_.resize(at == 0 ? 0 : at - 1); break;
    case StatementKind::kRollbackToSavepoint:
      undo(at == 0 ? 0 : savepoints_[at - 1].given);
      savepoints_.resize(at);
      break;
    default: break;
  }
}

void SessionCatalog::undo(std::size_t since) {
  for (std::size_t i = since; i < given_.size(); ++i)
    if (overlay_) overlay_->gone(given_[i].schema, given_[i].name);
  given_.resize(std::min(given_.size(), since));
}

void SessionCatalog::block_ended(bool committed) {
  if (!committed) undo(0);
  if (overlay_) overlay_->transaction_ends(true);
  given_.clear();
  savepoints_.clear();
}

void SessionCatalog::transaction_ended(bool committed) {
  block_ended(committed);
  if (of_transaction_.empty() && anything_ == too_many_ && !doubted_) return;
  doubted_ = false;
  anything_ = too_many_;
  std::vector<Kept> ended = std::exchange(of_transaction_, {});
  const Overlay::Names gone = overlay_ ? overlay_->gone() : Overlay::Names{};
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
  if (overlay_) overlay_->only_gone(gone);
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
