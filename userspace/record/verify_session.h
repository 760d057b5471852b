// SPDX-License-Identifier: Apache-2.0
// The part of verify that holds one session's file against the chain of the host.
#pragma once

#include "record/summary.h"
#include "record/verify_chain.h"

#include <optional>
#include <string>

namespace sluice::record {

struct SessionCheck {
  enum class State : std::uint8_t { kSealed, kAbandoned, kLive, kUnknown };
  State state = State::kUnknown;
  std::optional<Finding> finding;  // the first bad place
  std::string note;
  SessionSummary summary;
  std::uint64_t blocks = 0;
  bool doubtful = false;  // a daemon that writes at this moment could explain the finding
};

SessionCheck check_session(const std::string& directory, const SessionId& id,
                           const std::string& host_id, const ChainCheck& chain);

}  // namespace sluice::record
