// SPDX-License-Identifier: Apache-2.0
// Numbers of rules as the kernel and its events carry them. They follow from the rule's name, so
// that an event that is read after a reload, or by the next daemon, still names its rule. Any
// thread.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace sluice::daemon {

class RuleIds {
 public:
  // Never 0. Two names never share a number within one daemon.
  std::uint32_t id_of(std::string_view name);
  // "" for 0 and for a number of a rule that this daemon has never known.
  std::string name_of(std::uint32_t id) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::uint32_t, std::string> names_;
};

}  // namespace sluice::daemon
