// SPDX-License-Identifier: Apache-2.0
#include "net/cancel_registry.h"
#include "net/cancel_sender.h"
#include "net/catalog_source.h"
#include "net/connect.h"
#include "net/flow_driver.h"
#include "net/host_ca.h"
#include "net/plan_source.h"
#include "net/tls_context_impl.h"
#include "net/upstream_tls.h"

#include <cstring>

namespace sluice::net {

namespace {
// Bytes that the session keeps only until its next input are copied up to this size, so that they
// can share a write with what follows; larger ones are written at once.
constexpr std::size_t kCopiedSendMax = 4U << 10;

bool lies_in(ByteView part, ByteView whole) {
  return part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size();
}
}  // namespace

void FlowDriver::record(const Event& event) {
  if (auto done = setup_.writer->append(ports_.clock.wall(), event); !done) {
    recording_failed_ = true;
    recording_failure_ = done.error().text();
    worker_.staged().clear();
    return;
  }
  uncommitted_ = true;
}

void FlowDriver::perform(const Record& action) {
  if (std::holds_alternative<StatementJudged>(action.event)) {
    auto& counter = counters_->statements;
    counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }
  if (std::holds_alternative<SessionClosed>(action.event)) session_closed_recorded_ = true;
  record(action.event);
}

void FlowDriver::perform(const Send& action) {
  if (action.bytes.empty() || !leg(action.side).is_open()) return;
  StagedSends& staged = worker_.staged();
  // Forwarded bytes stay where they were received until the staged sends are flushed.
  if (received_.size() > 0 && lies_in(action.bytes, received_)) {
    staged.add(action.side, action.bytes);
    return;
  }
  if (action.bytes.size() > kCopiedSendMax ||
      staged.arena_used + action.bytes.size() > StagedSends::kArenaBytes) {
    sends_volatile_ = true;
    staged.add(action.side, action.bytes);
    return;
  }
  std::uint8_t* copy = staged.arena.get() + staged.arena_used;
  std::memcpy(copy, action.bytes.data(), action.bytes.size());
  staged.arena_used += action.bytes.size();
  staged.add(action.side, {copy, action.bytes.size()});
}

// Everything that was decided goes out: first the records, then, in one write per side, the bytes.
void FlowDriver::flush_staged() {
  StagedSends& staged = worker_.staged();
  if (uncommitted_ && !recording_failed_) {
    uncommitted_ = false;
    if (auto done = setup_.writer->commit(); !done) {
      recording_failed_ = true;
      recording_failure_ = done.error().text();
    }
  }
  if (staged.empty()) return;
  if (!recording_failed_) {
    for (std::size_t side = 0; side < legs_.size(); ++side) {
      if (staged.parts[side].empty()) continue;
      legs_[side].send(staged.parts[side]);
      note_queue(legs_[side]);
    }
    auto& counter = counters_->bytes_to_agent;
    counter.store(counter.load(std::memory_order_relaxed) + staged.bytes[0],
                  std::memory_order_relaxed);
  }
  staged.clear();
}

void FlowDriver::note_queue(FlowLeg& queue_of) {
  const std::size_t queued = queue_of.queued();
  if (queued >= ports_.limits.output_high_bytes) queue_of.over_watermark = true;
  if (queued <= ports_.limits.output_low_bytes) queue_of.over_watermark = false;
  if (queued > ports_.limits.output_bytes_max && !output_overflow_) {
    output_overflow_ = true;
    inbox_.emplace_back(Terminate{"more than " + std::to_string(ports_.limits.output_bytes_max) +
                                  " bytes wait for a side that does not read"});
  }
}

void FlowDriver::perform(const Ask& action) {
  // Nobody is asked about what is not in the recording.
  flush_staged();
  if (recording_failed_) return;
  tickets_.insert(action.ticket);
  counters_->held.store(tickets_.size(), std::memory_order_relaxed);
  auto asked = ports_.approvals.ask(action, setup_.session_id,
                                    [weak = weak_from_this()](const Decision& decision) {
                                      if (auto self = weak.lock()) self->post(decision);
                                    });
  if (!asked)
    inbox_.emplace_back(Decision{action.ticket, DecisionKind::kDenied, "",
                                 "it could not be put to its approvers: " + asked.error().text()});
  else if (action.plan)
    ports_.plans.rows({setup_.resource, setup_.upstream, action.intent.database, *action.plan},
                      [&approvals = ports_.approvals, ticket = action.ticket](std::uint64_t rows) {
                        approvals.note_rows(ticket, rows);
                      });
}

void FlowDriver::perform(const Withdraw& action) {
  if (tickets_.erase(action.ticket) == 0) return;
  counters_->held.store(tickets_.size(), std::memory_order_relaxed);
  ports_.approvals.withdraw(action.ticket, action.reason);
}

void FlowDriver::perform(const StartTls& action) {
  // What goes before it goes in the clear.
  flush_staged();
  if (recording_failed_) return;
  FlowLeg& on = leg(action.side);
  const bool agent = action.side == Side::kAgent;
  if (!on.is_open() || on.tls) {
    tls_failed(action.side, on.tls ? "TLS is up already" : "there is no connection");
    return;
  }
  const Bytes received = on.take_pending();
  const auto start = [&]() -> Result<std::unique_ptr<TlsStream>> {
    if (agent) {
      LeafNames names = setup_.leaf_names;
      names.ips.push_back(setup_.original_destination.ip);
      SLUICE_TRY(auto context, ports_.host_ca.context_for(names));
      return TlsStream::accept(std::move(context), on.socket,
                               {received, setup_.agent_alpn, action.direct});
    }
    if (setup_.upstream.tls == UpstreamTls::kDisable)
      return Error{"the policy says upstream_tls: disable"};
    SLUICE_TRY(auto context, ports_.upstream_tls.get(setup_.upstream.tls, setup_.upstream.ca_file));
    return TlsStream::connect(std::move(context), on.socket, setup_.upstream, action.direct,
                              received);
  };
  auto stream = start();
  if (!stream) {
    tls_failed(action.side, stream.error().text());
    return;
  }
  on.start_handshake(*std::move(stream));
  if (agent)
    set_timer(agent_timer_, ports_.limits.handshake_timeout,
              &FlowDriver::agent_handshake_timed_out);
  else
    set_timer(upstream_timer_, setup_.upstream.connect_timeout, &FlowDriver::upstream_timed_out);
  step_handshake(action.side);
}

void FlowDriver::perform(const ConnectUpstream&) {
  FlowLeg& upstream = leg(Side::kUpstream);
  if (upstream.state != FlowLeg::State::kNone) {
    inbox_.emplace_back(UpstreamFailed{"the upstream was connected already"});
    return;
  }
  auto connecting = start_connect(setup_.upstream.target);
  if (!connecting) {
    upstream_failed(connecting.error().text());
    return;
  }
  upstream.socket.open(std::move(connecting->fd));
  upstream.state = FlowLeg::State::kConnecting;
  if (auto watched = worker_.loop().watch(upstream.socket.fd(), watchers_[1]); !watched) {
    upstream_failed(watched.error().text());
    return;
  }
  if (connecting->done)
    upstream_connected();
  else
    set_timer(upstream_timer_, setup_.upstream.connect_timeout, &FlowDriver::upstream_timed_out);
}

void FlowDriver::perform(const NeedCatalog& action) {
  if (!setup_.resource) {
    inbox_.emplace_back(CatalogArrived{nullptr, "the destination is no resource of the policy"});
    return;
  }
  ports_.catalogs.get(
      {setup_.resource, setup_.upstream, action.database, action.fresh, action.generation},
      [weak = weak_from_this()](std::shared_ptr<const sql::Catalog> catalog,
                                const std::string& reason) {
        if (auto self = weak.lock()) self->post(CatalogArrived{std::move(catalog), reason});
      });
}

void FlowDriver::perform(const OfferCancelKey& action) {
  if (!cancel_key_.empty()) ports_.cancels.withdraw(cancel_key_);
  cancel_key_.clear();
  const bool offered =
      ports_.cancels.offer(action.key, owner(), [weak = weak_from_this()](CancelReceipt receipt) {
        if (auto self = weak.lock()) self->post(CancelAsked{std::move(receipt)});
      });
  if (offered)
    cancel_key_ = action.key;
  else if (ports_.warn)
    ports_.warn("session " + setup_.session_id + " cannot be cancelled: its key is in use");
}

void FlowDriver::perform(const ForwardCancel& action) {
  CancelReceipt receipt{this, [weak = weak_from_this()](const void*) {
                          if (auto self = weak.lock()) self->post(CancelDelivered{});
                        }};
  static_cast<void>(ports_.cancels.forward(action.key, owner(), std::move(receipt)));
}

void FlowDriver::perform(const SendCancelUpstream& action) {
  ports_.cancel_sender.send(setup_.upstream, action.request, action.receipt);
}

void FlowDriver::perform(const SetTimer& action) {
  clear_timer(session_timer_);
  if (action.at == SteadyTime::max()) return;
  set_timer(session_timer_, action.at - ports_.clock.steady(), &FlowDriver::session_timer_fired);
}

void FlowDriver::perform(const FinishSending& action) {
  flush_staged();
  leg(action.side).finish_wanted = true;  // done in settle(), once its queue is empty
}

void FlowDriver::perform(const Close& action) {
  flush_staged();
  if (recording_failed_) return;
  begin_close(action.reason, action.reset ? CloseKind::kResetAgent : CloseKind::kInOrder);
}

}  // namespace sluice::net
