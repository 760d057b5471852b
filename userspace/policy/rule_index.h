// SPDX-License-Identifier: Apache-2.0
// Which rules may match an agent and a resource, found in a time that does not grow with the number
// of rules, agents or resources. A rule stands in one cell per (agent, resource) that it names;
// `any` is a cell of its own, so a lookup reads four cells.
#pragma once

#include <sluice/verdict.h>

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace sluice::policy {

inline constexpr std::uint32_t kAny = 0xffffffff;  // as an agent or resource number

// One rule in one cell, with what most lookups need of it.
struct RuleEntry {
  std::uint32_t rule = 0;     // index into Compiled::rules: a smaller one is stronger
  std::uint16_t actions = 0;  // ActionSet::bits()
  VerdictKind kind = VerdictKind::kDeny;
  bool conditional = false;
};
static_assert(sizeof(RuleEntry) == 8);

class RuleIndex {
 public:
  using Entries = std::span<const RuleEntry>;  // strongest first

  void add(std::uint32_t agent, std::uint32_t resource, const RuleEntry& entry);
  // After the last add() and before the first lookup.
  void build();
  bool empty() const { return entries_.empty(); }
  std::size_t size() const { return building_.size() + entries_.size(); }

  // The cell of exactly this pair; either may be kAny.
  Entries cell(std::uint32_t agent, std::uint32_t resource) const;
  // The four cells that a rule for this pair may stand in.
  std::array<Entries, 4> cells(std::uint32_t agent, std::uint32_t resource) const {
    return {cell(agent, resource), cell(agent, kAny), cell(kAny, resource), cell(kAny, kAny)};
  }

 private:
  struct Added {
    std::uint64_t key;
    RuleEntry entry;
  };
  struct Slot {
    std::uint64_t key = 0;
    std::uint32_t begin = 0;
    std::uint32_t end = 0;  // 0 = the slot is free: no cell is empty
  };
  std::size_t slot_of(std::uint64_t key) const;

  std::vector<Added> building_;
  std::vector<RuleEntry> entries_;
  std::vector<Slot> slots_;  // a power of two, at most half full; linear probing
};

}  // namespace sluice::policy
