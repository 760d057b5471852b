// SPDX-License-Identifier: Apache-2.0
// The first byte of an encoded event. Numbers are for ever.
#pragma once

#include <sluice/event.h>

#include <cstdint>

namespace sluice::record {

enum class Tag : std::uint8_t {
  kSessionOpened = 1,
  kRemark = 2,
  kStatementJudged = 3,
  kHoldDecided = 4,
  kAgentSees = 5,
  kSessionClosed = 6,
};

inline std::uint8_t tag_of(const Event& event) {
  struct Of {
    Tag operator()(const SessionOpened&) const { return Tag::kSessionOpened; }
    Tag operator()(const Remark&) const { return Tag::kRemark; }
    Tag operator()(const StatementJudged&) const { return Tag::kStatementJudged; }
    Tag operator()(const HoldDecided&) const { return Tag::kHoldDecided; }
    Tag operator()(const AgentSees&) const { return Tag::kAgentSees; }
    Tag operator()(const SessionClosed&) const { return Tag::kSessionClosed; }
  };
  return static_cast<std::uint8_t>(std::visit(Of{}, event));
}

}  // namespace sluice::record
