// SPDX-License-Identifier: Apache-2.0
#include "policy/rule_index.h"

#include <algorithm>
#include <bit>
#include <tuple>

namespace sluice::policy {
namespace {

std::uint64_t key_of(std::uint32_t agent, std::uint32_t resource) {
  return (std::uint64_t{agent} << 32U) | resource;
}

// splitmix64's finaliser: neighbouring numbers must not fill neighbouring slots.
std::uint64_t mixed(std::uint64_t x) {
  x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27U)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31U);
}

}  // namespace

void RuleIndex::add(std::uint32_t agent, std::uint32_t resource, const RuleEntry& entry) {
  building_.push_back({key_of(agent, resource), entry});
}

std::size_t RuleIndex::slot_of(std::uint64_t key) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = mixed(key) & mask;
  while (slots_[at].end != 0 && slots_[at].key != key) at = (at + 1) & mask;
  return at;
}

void RuleIndex::build() {
  std::sort(building_.begin(), building_.end(), [](const Added& a, const Added& b) {
    return std::tie(a.key, a.entry.rule) < std::tie(b.key, b.entry.rule);
  });
  std::size_t cell_count = 0;
  for (std::size_t i = 0; i < building_.size(); ++i)
    if (i == 0 || building_[i].key != building_[i - 1].key) ++cell_count;
  slots_.assign(std::bit_ceil(cell_count * 2 + 1), Slot{});
  entries_.reserve(building_.size());
  for (const Added& added : building_) {
    Slot& slot = slots_[slot_of(added.key)];
    if (slot.end == 0) {
      slot.key = added.key;
      slot.begin = static_cast<std::uint32_t>(entries_.size());
    }
    entries_.push_back(added.entry);
    slot.end = static_cast<std::uint32_t>(entries_.size());
  }
  building_.clear();
  building_.shrink_to_fit();
}

RuleIndex::Entries RuleIndex::cell(std::uint32_t agent, std::uint32_t resource) const {
  if (slots_.empty()) return {};
  const Slot& slot = slots_[slot_of(key_of(agent, resource))];
  return Entries{entries_}.subspan(slot.begin, slot.end - slot.begin);
}

}  // namespace sluice::policy
