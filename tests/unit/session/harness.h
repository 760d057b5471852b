// SPDX-License-Identifier: Apache-2.0
// Drives one session as the driver in net/ does: what it did not consume is given again, longer,
// and after every other input; actions are taken in order. Keeps what a user would see.
#pragma once

#include <sluice/flow.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "say.h"
#include "session/postgres/session.h"
#include "wire_text.h"
#include "world.h"

namespace sluice::session::test {

class Harness {
 public:
  explicit Harness(const WorldOptions& options = {});
  // Through start-up and a login without a password, up to the first ReadyForQuery; then forgets
  // what was sent.
  Harness& logged_in();

  void agent(ByteView bytes) { receive(Side::kAgent, bytes); }
  void server(ByteView bytes) { receive(Side::kUpstream, bytes); }
  void receive(Side side, ByteView bytes);
  void input(const Input& input);
  void decide(DecisionKind kind, const std::string& by = "alice", const std::string& note = {});
  // Answers the NeedCatalog that waits, where catalogues are not given by themselves.
  void give_catalog();

  // Since the last call, as lines joined by " ; ".
  std::string agent_got();
  std::string server_got();
  Bytes agent_bytes() { return std::exchange(sent_[0], {}); }
  Bytes server_bytes() { return std::exchange(sent_[1], {}); }
  // Actions and sends in order, since the last call.
  std::vector<std::string> log() { return std::exchange(log_, {}); }
  std::size_t unread(Side side) const { return pending_[index(side)].size(); }

  World world;
  std::unique_ptr<FlowSession> session;
  bool catalog_by_itself = true;
  SteadyTime now{std::chrono::hours{1}};
  WallTime wall{std::chrono::hours{24 * 365 * 50}};

  std::vector<Event> events;  // all but AgentSees
  Bytes agent_sees;           // what the recording holds of the agent's view
  std::vector<Ask> asks;
  std::vector<Withdraw> withdrawn;
  std::vector<NeedCatalog> catalogs_asked;
  std::vector<Bytes> cancels_sent, cancels_forwarded;
  Bytes cancel_key;
  bool finished_upstream = false;
  std::optional<Close> closed;

 private:
  static std::size_t index(Side side) { return static_cast<std::size_t>(side); }
  void deliver(const Input& input);
  std::size_t handle(const Input& input);
  void offer();
  void take(const FlowAction& action);

  std::array<Bytes, 2> pending_;
  std::array<Bytes, 2> sent_;
  std::vector<std::string> log_;
  std::vector<Input> next_;
};

std::string joined(const std::vector<std::string>& lines);

}  // namespace sluice::session::test
