// SPDX-License-Identifier: Apache-2.0
#include "sql/session_catalog.h"

#include <algorithm>
#include <utility>

namespace sluice::sql {
namespace {

bool depends_on_others(const Statement& statement) {
  return std::any_of(statement.changes.begin(), statement.changes.end(),
                     [](const CatalogChange& change) { return change.acts; });
}

}  // namespace

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
  if (statement.makes_anything) {
    anything_ = true;
    return rebuild();
  }
  if (!statement.changes.empty()) keep(statement, text, options);
}

// What is not temporary the next catalogue has.
void SessionCatalog::note_failed(const Statement& statement, std::string_view text,
                                 const AnalyseOptions& options) {
  mistrust(statement);
  const bool commits =
      statement.kind == StatementKind::kDo || statement.kind == StatementKind::kCall;
  if (commits && !statement.changes.empty()) keep(statement, text, options);
}

// Temporary tables are made again and again.
bool SessionCatalog::is_kept(const Statement& statement, std::string_view text) const {
  return std::any_of(lasting_.begin(), lasting_.end(), [&](const Kept& kept) {
    return kept.text.empty() ? kept.changes == statement.changes : kept.text == text;
  });
}

void SessionCatalog::keep(const Statement& statement, std::string_view text,
                          const AnalyseOptions& options) {
  if (base_ == nullptr || anything_ || is_kept(statement, text)) return;
  Kept kept{.changes = statement.changes, .text = {}, .options = options};
  if (depends_on_others(statement)) kept.text = text;
  text_bytes_ += kept.text.size();
  if (of_transaction_.size() + lasting_.size() >= kKeptMax || text_bytes_ > kTextBytesMax) {
    anything_ = true;
    too_many_ = lasting_.size() >= kKeptMax / 2;
    return rebuild();
  }
  if (!overlay_) begin_overlay();
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
  bool any = false;
  for (const CatalogChange& change : again.empty() ? kept.changes : again) {
    const bool lasts = overlay_->lasts(change);
    any |= lasts;
    if (lasts || !lasting) overlay_->apply(change);
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
    if (apply(kept, true))
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
