// SPDX-License-Identifier: Apache-2.0
#include "session/postgres/kept_texts.h"

#include <utility>

namespace sluice::session {

AnalysedTextPtr KeptTexts::find(std::string_view key) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  return entries_.front().text;
}

void KeptTexts::keep(std::string_view key, AnalysedTextPtr text) {
  if (entries_.size() == kMax) {
    by_key_.erase(entries_.back().key);
    entries_.pop_back();
  }
  entries_.push_front({std::string{key}, std::move(text)});
  by_key_.emplace(entries_.front().key, entries_.begin());
}

void KeptTexts::clear() {
  by_key_.clear();
  entries_.clear();
}

}  // namespace sluice::session
