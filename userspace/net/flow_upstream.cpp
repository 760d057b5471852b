// SPDX-License-Identifier: Apache-2.0
#include "net/connect.h"
#include "net/flow_driver.h"

#include <sys/epoll.h>

namespace sluice::net {

void FlowDriver::connect_finished(std::uint32_t events) {
  if ((events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) == 0) return;
  FlowLeg& upstream = leg(Side::kUpstream);
  if (auto connected = connect_error(upstream.socket.fd(), setup_.upstream.target); !connected)
    upstream_failed(connected.error().text());
  else
    upstream_connected();
}

void FlowDriver::upstream_connected() {
  clear_timer(upstream_timer_);
  leg(Side::kUpstream).state = FlowLeg::State::kOpen;
  inbox_.emplace_back(UpstreamConnected{});
}

void FlowDriver::upstream_failed(const std::string& reason) {
  clear_timer(upstream_timer_);
  FlowLeg& upstream = leg(Side::kUpstream);
  upstream.socket.close();
  upstream.state = FlowLeg::State::kClosed;
  upstream.read_ended = true;
  inbox_.emplace_back(UpstreamFailed{reason});
}

bool FlowDriver::step_handshake(Side side) {
  FlowLeg& on = leg(side);
  const IoStatus status = on.tls->handshake();
  if (status == IoStatus::kAgain) return false;
  if (status != IoStatus::kBytes) {
    tls_failed(side, on.tls->failure());
    return true;
  }
  clear_timer(side == Side::kAgent ? agent_timer_ : upstream_timer_);
  on.handshake_done();
  inbox_.emplace_back(TlsStarted{side, on.tls->endpoint_hash(), on.tls->description()});
  return true;
}

void FlowDriver::tls_failed(Side side, const std::string& reason) {
  if (side == Side::kUpstream) {
    upstream_failed("TLS with the upstream: " + reason);
    return;
  }
  clear_timer(agent_timer_);
  // The agent has its alert; nothing else can be said to it.
  FlowLeg& agent = leg(Side::kAgent);
  agent.state = FlowLeg::State::kClosed;
  record(Remark{"TLS with the agent failed: " + reason});
  side_broken(Side::kAgent);
}

void FlowDriver::agent_handshake_timed_out() {
  tls_failed(Side::kAgent, "no handshake in time");
  run();
}

void FlowDriver::upstream_timed_out() {
  const bool connected = leg(Side::kUpstream).state != FlowLeg::State::kConnecting;
  upstream_failed((connected ? "TLS with " : "connect to ") + setup_.upstream.target.text() +
                  ": no answer in time");
  run();
}

}  // namespace sluice::net
