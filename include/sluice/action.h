// SPDX-License-Identifier: Apache-2.0
// Actions: the classes of statements that a policy speaks of (DESIGN.md section 6). A statement has
// a set of them, and every one must be allowed.
#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace sluice {

enum class Action : std::uint8_t {
  // SQL
  kRead,
  kInsert,
  kUpdate,
  kDelete,
  kDdl,
  kGrant,
  kSession,
  kTransaction,
  kCall,
  kCopyIn,
  kCopyOut,
  kHost,     // leaves SQL for the server's file system, processes, network or configuration
  kUnknown,  // could not be understood
  // SQL, what a sensitive column needs beside masking (the policy switches of DESIGN.md section 8)
  kSensitiveSearch,  // filters, sorts, joins or groups by a sensitive column
  kSensitiveCopy,    // would copy a sensitive column's values elsewhere
  // tcp, dns
  kConnect,
  kCount_
};

std::string_view name_of(Action action);  // "copy_in"
std::optional<Action> action_named(std::string_view name);

class ActionSet {
 public:
  ActionSet() = default;
  ActionSet(std::initializer_list<Action> actions) {
    for (Action action : actions) add(action);
  }
  void add(Action action) { bits_.set(static_cast<std::size_t>(action)); }
  void add(const ActionSet& other) { bits_ |= other.bits_; }
  bool has(Action action) const { return bits_.test(static_cast<std::size_t>(action)); }
  bool empty() const { return bits_.none(); }
  std::vector<Action> list() const;
  std::uint64_t bits() const { return bits_.to_ullong(); }
  static ActionSet from_bits(std::uint64_t bits);
  bool operator==(const ActionSet&) const = default;

 private:
  std::bitset<static_cast<std::size_t>(Action::kCount_)> bits_;
};

}  // namespace sluice
