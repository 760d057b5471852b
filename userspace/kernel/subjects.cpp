// SPDX-License-Identifier: Apache-2.0
#include "kernel/subjects.h"

namespace sluice::kernel {

std::uint32_t Subjects::number_of(const AgentNames& agents) {
  const std::lock_guard lock{mutex_};
  const auto [place, inserted] =
      numbers_.try_emplace(agents, static_cast<std::uint32_t>(last_used_ + agents_.size() + 1));
  if (inserted) agents_.push_back(agents);
  return place->second;
}

std::optional<Subjects::AgentNames> Subjects::agents_of(std::uint32_t number) const {
  const std::lock_guard lock{mutex_};
  if (number <= last_used_ || number - last_used_ > agents_.size()) return std::nullopt;
  return agents_[number - last_used_ - 1];
}

}  // namespace sluice::kernel
