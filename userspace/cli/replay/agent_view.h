// SPDX-License-Identifier: Apache-2.0
// What the agent saw, decoded from the protocol's bytes: result tables, command tags, errors,
// notices.
#pragma once

#include <sluice/bytes.h>

#include <memory>
#include <string>
#include <string_view>

namespace sluice::cli {

class AgentView {
 public:
  virtual ~AgentView() = default;
  // Lines, safe for a terminal; "" while nothing is complete.
  virtual std::string feed(ByteView bytes) = 0;
  virtual std::string finish() = 0;
};

// For a protocol without a decoder: says how many bytes were sent.
std::unique_ptr<AgentView> make_agent_view(std::string_view protocol);

}  // namespace sluice::cli
