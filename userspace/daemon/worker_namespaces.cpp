// SPDX-License-Identifier: Apache-2.0
// Agents in network namespaces that are not the daemon's: their listeners join those at home.
#include <utility>

#include "daemon/worker.h"

namespace sluice::daemon {

// Before this daemon claims: agents that are elsewhere already then find it as soon as those at
// home do.
void Worker::open_namespaces() {
  Namespaces::Ports ports{keeper_, *kernel_, *runs_, clock_, {}, {}, {}};
  ports.accept_on = [this](std::uint64_t cookie, std::vector<UniqueFd> listeners) {
    flows_->add_listeners(cookie, std::move(listeners));
  };
  ports.answer_on = [this](std::uint64_t cookie, std::vector<UniqueFd> sockets,
                           std::vector<kernel::QueryPort> at) {
    answer_in(cookie, std::move(sockets), std::move(at));
  };
  ports.leave = [this](std::uint64_t cookie) {
    flows_->remove_listeners(cookie);
    dns_server_.remove(cookie);
  };
  namespaces_ = std::make_unique<Namespaces>(std::move(ports));
  if (predecessor_) namespaces_->adopt(predecessor_->take_sockets());
  namespaces_->sweep();
}

void Worker::answer_in(std::uint64_t cookie, std::vector<UniqueFd> sockets,
                       std::vector<kernel::QueryPort> ports) {
  dns_server_.add(
      cookie, std::move(sockets),
      [this, ports = std::move(ports)](std::size_t socket, const Endpoint& source, ByteView query) {
        return answer(ports[socket], source, query);
      });
}

}  // namespace sluice::daemon
