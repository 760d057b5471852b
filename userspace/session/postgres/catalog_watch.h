// SPDX-License-Identifier: Apache-2.0
// What this session hears of changes that others make to its database, and what it tells them of
// its own.
#pragma once

#include <sluice/catalog_news.h>
#include <sluice/clock.h>

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

namespace sluice::session {

class CatalogWatch {
 public:
  explicit CatalogWatch(std::shared_ptr<CatalogNews> news)
      : news_(std::move(news)), database_(&news_->of({})) {}
  ~CatalogWatch() {
    if (telling_) database_->abandon();
  }
  CatalogWatch(const CatalogWatch&) = delete;
  CatalogWatch& operator=(const CatalogWatch&) = delete;

  void open(std::string_view database) { database_ = &news_->of(database); }

  // A catalogue is asked for; gives what it must be no older than.
  std::uint64_t asked() { return asked_ = database_->now().generation; }
  void arrived() { known_ = asked_; }

  // Others have changed something since the catalogue was asked for.
  bool is_old() const { return database_->now().generation != known_; }
  // Others may be changing something right now, so that a catalogue is old as soon as it is there.
  bool others_change(SteadyTime now) const {
    if (database_->now().changing <= own()) return false;
    database_->forget_abandoned(now);
    return database_->now().changing > own();
  }
  // Either of them: one load where there is neither.
  bool has_news(SteadyTime now) const {
    const DatabaseNews::State state = database_->now();
    return state.generation != known_ || (state.changing > own() && others_change(now));
  }

  // This session sends what may commit a change of the catalogue.
  void sending() {
    if (!std::exchange(telling_, true)) database_->begin();
  }
  bool telling() const { return telling_; }
  // All that was sent is answered. `changed`: some of it may be there now for others to see.
  void answered(bool changed) {
    if (changed) sending();
    if (std::exchange(telling_, false)) database_->end(changed);
  }

 private:
  std::uint32_t own() const { return telling_ ? 1 : 0; }

  std::shared_ptr<CatalogNews> news_;
  DatabaseNews* database_;
  std::uint64_t asked_ = 0, known_ = 0;  // generations
  bool telling_ = false;
};

}  // namespace sluice::session
