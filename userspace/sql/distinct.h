// SPDX-License-Identifier: Apache-2.0
// A list without doubles. Short ones, which is nearly all, are looked through.
#pragma once

#include <sluice/intent.h>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

namespace sluice::sql {

inline std::size_t hash_of(const ObjectRef& object) {
  const std::hash<std::string> hash;
  return hash(object.schema) * 31 + hash(object.name) * 3 + static_cast<std::size_t>(object.kind);
}
inline std::size_t hash_of(const ColumnRef& column) {
  const std::hash<std::string> hash;
  return hash(column.schema) * 961 + hash(column.table) * 31 + hash(column.column);
}

// What `list` holds; nobody else adds to it meanwhile.
template <class T>
class Distinct {
 public:
  bool has(const std::vector<T>& list, const T& item) {
    if (list.size() < kShort) return std::find(list.begin(), list.end(), item) != list.end();
    for (; indexed_ < list.size(); ++indexed_) places_.emplace(hash_of(list[indexed_]), indexed_);
    const auto [first, last] = places_.equal_range(hash_of(item));
    return std::any_of(first, last, [&](const auto& place) { return list[place.second] == item; });
  }

 private:
  static constexpr std::size_t kShort = 32;
  std::unordered_multimap<std::size_t, std::size_t> places_;
  std::size_t indexed_ = 0;
};

}  // namespace sluice::sql
