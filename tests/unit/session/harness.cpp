// SPDX-License-Identifier: Apache-2.0
#include "harness.h"

#include <gtest/gtest.h>

namespace sluice::session::test {

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += (text.empty() ? "" : " ; ") + line;
  return text;
}

Harness::Harness(const WorldOptions& options)
    : world(options), session(make_postgres_session(world.session_options())) {}

Harness& Harness::logged_in() {
  agent(Say{}.startup());
  server(Reply{}
             .authentication_ok()
             .parameter("standard_conforming_strings", "on")
             .parameter("client_encoding", "UTF8")
             .key()
             .ready());
  EXPECT_FALSE(closed.has_value()) << closed->reason;
  agent_bytes();
  server_bytes();
  log();
  return *this;
}

void Harness::receive(Side side, ByteView bytes) {
  append(pending_[index(side)], bytes);
  offer();
}

void Harness::input(const Input& input) {
  deliver(input);
  offer();
}

void Harness::decide(DecisionKind kind, const std::string& by, const std::string& note) {
  ASSERT_FALSE(asks.empty());
  input(Decision{asks.back().ticket, kind, by, note});
}

void Harness::give_catalog() { input(CatalogArrived{world.catalog, ""}); }

void Harness::deliver(const Input& input) {
  handle(input);
  while (!next_.empty()) {
    const Input more = std::move(next_.front());
    next_.erase(next_.begin());
    handle(more);
  }
}

// Until neither side's bytes are taken any more.
void Harness::offer() {
  for (bool progress = true; progress;) {
    progress = false;
    for (const Side side : {Side::kAgent, Side::kUpstream}) {
      Bytes& pending = pending_[index(side)];
      while (!closed && !pending.empty() && session->demand(side) != Demand::kNone) {
        // A copy that ends where the bytes end, so that a sanitizer sees every read too far.
        const Bytes exact{pending};
        const std::size_t before = next_.size();
        const std::size_t consumed = handle(Received{side, exact});
        pending.erase(pending.begin(), pending.begin() + static_cast<std::ptrdiff_t>(consumed));
        progress = progress || consumed > 0 || next_.size() != before;
        if (consumed == 0) break;
      }
    }
    if (!next_.empty()) {
      const Input more = std::move(next_.front());
      next_.erase(next_.begin());
      handle(more);
      progress = true;
    }
  }
}

std::size_t Harness::handle(const Input& input) {
  FlowActions actions;
  const bool was_closed = closed.has_value();
  const std::size_t consumed = session->handle(input, now, wall, actions);
  if (was_closed) {
    EXPECT_TRUE(actions.empty()) << "something is done after Close";
  }
  for (const FlowAction& action : actions) {
    EXPECT_FALSE(closed.has_value()) << "something is done after Close";
    take(action);
  }
  return consumed;
}

void Harness::take(const FlowAction& action) {
  if (const auto* record = std::get_if<Record>(&action)) {
    if (const auto* sees = std::get_if<AgentSees>(&record->event)) {
      append(agent_sees, sees->bytes);
      return;
    }
    events.push_back(record->event);
    if (const auto* judged = std::get_if<StatementJudged>(&record->event))
      log_.push_back("judged " +
                     std::string{judged->verdict.kind == VerdictKind::kAllow  ? "allow "
                                 : judged->verdict.kind == VerdictKind::kHold ? "hold "
                                                                              : "deny "} +
                     judged->intent.statement);
    else if (const auto* decided = std::get_if<HoldDecided>(&record->event))
      log_.push_back(std::string{decided->kind == DecisionKind::kApproved  ? "approved"
                                 : decided->kind == DecisionKind::kDenied  ? "denied"
                                 : decided->kind == DecisionKind::kExpired ? "expired"
                                                                           : "withdrawn"});
    else if (const auto* remark = std::get_if<Remark>(&record->event))
      log_.push_back("remark " + remark->text);
  } else if (const auto* send = std::get_if<Send>(&action)) {
    append(sent_[index(send->side)], send->bytes);
    log_.push_back(send->side == Side::kAgent ? "to agent" : "to server");
  } else if (const auto* ask = std::get_if<Ask>(&action)) {
    asks.push_back(*ask);
    log_.push_back("ask");
  } else if (const auto* withdraw = std::get_if<Withdraw>(&action)) {
    withdrawn.push_back(*withdraw);
    log_.push_back("withdraw");
  } else if (const auto* catalog = std::get_if<NeedCatalog>(&action)) {
    catalogs_asked.push_back(*catalog);
    log_.push_back(catalog->fresh ? "fresh catalog" : "catalog");
    if (catalog_by_itself) next_.push_back(CatalogArrived{world.catalog, ""});
  } else if (std::holds_alternative<ConnectUpstream>(action)) {
    log_.push_back("connect");
    next_.push_back(UpstreamConnected{});
  } else if (const auto* tls = std::get_if<StartTls>(&action)) {
    log_.push_back(std::string{tls->side == Side::kAgent ? "tls with agent" : "tls with server"} +
                   (tls->direct ? ", direct" : ""));
  } else if (const auto* key = std::get_if<OfferCancelKey>(&action)) {
    cancel_key = key->key;
  } else if (const auto* forward = std::get_if<ForwardCancel>(&action)) {
    cancels_forwarded.push_back(forward->key);
  } else if (const auto* cancel = std::get_if<SendCancelUpstream>(&action)) {
    cancels_sent.push_back(cancel->request);
  } else if (const auto* finish = std::get_if<FinishSending>(&action)) {
    finished_upstream = finish->side == Side::kUpstream;
    log_.push_back("finish");
  } else if (const auto* close = std::get_if<Close>(&action)) {
    closed = *close;
    log_.push_back("close " + close->reason);
  }
}

std::string Harness::agent_got() {
  return joined(wire_lines(pg::Direction::kBackend, agent_bytes()));
}
std::string Harness::server_got() {
  return joined(wire_lines(pg::Direction::kFrontend, server_bytes()));
}

}  // namespace sluice::session::test
