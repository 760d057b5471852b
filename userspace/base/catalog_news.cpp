// SPDX-License-Identifier: Apache-2.0
#include <sluice/catalog_news.h>

#include <algorithm>
#include <functional>

namespace sluice {

void DatabaseNews::abandon() {
  const std::lock_guard lock{mutex_};
  abandoned_.push_back(SteadyTime::min());
}

void DatabaseNews::forget_abandoned(SteadyTime now) {
  const std::lock_guard lock{mutex_};
  for (SteadyTime& since : abandoned_)
    if (since == SteadyTime::min()) since = now;
  const auto over = std::partition(abandoned_.begin(), abandoned_.end(),
                                   [now](SteadyTime since) { return now - since < kAbandonedFor; });
  for (auto each = over; each != abandoned_.end(); ++each) end(true);
  abandoned_.erase(over, abandoned_.end());
}

DatabaseNews& CatalogNews::of(std::string_view database) {
  return databases_[std::hash<std::string_view>{}(database) % databases_.size()];
}

}  // namespace sluice
