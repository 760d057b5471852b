// SPDX-License-Identifier: Apache-2.0
#include "record/summary.h"

namespace sluice::record {
namespace {

// A row must stay small whatever a policy or an agent puts into names.
constexpr std::size_t kTextBytesMax = 1024;
std::string shortened(const std::string& text) { return text.substr(0, kTextBytesMax); }

}  // namespace

void SessionSummary::add(WallTime at, const Event& event) {
  events += 1;
  if (const auto* sees = std::get_if<AgentSees>(&event)) {
    bytes_to_agent += sees->bytes.size();
  } else if (const auto* judged = std::get_if<StatementJudged>(&event)) {
    statements += 1;
    denied += judged->verdict.kind == VerdictKind::kDeny ? 1 : 0;
    held += judged->verdict.kind == VerdictKind::kHold ? 1 : 0;
  } else if (const auto* first = std::get_if<SessionOpened>(&event)) {
    session = shortened(first->session);
    agent = first->lineage.empty() ? "" : shortened(first->lineage.back().agent);
    run = first->lineage.empty() ? "" : shortened(first->lineage.back().id);
    resource = shortened(first->resource);
    protocol = shortened(first->protocol);
    opened = at;
  } else if (const auto* last = std::get_if<SessionClosed>(&event)) {
    closed = at;
    close_reason = shortened(last->reason);
  }
}

}  // namespace sluice::record
