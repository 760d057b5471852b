// SPDX-License-Identifier: Apache-2.0
// The resolver of runs: its sockets were opened as root, so that a later daemon can be given them.
#include <fcntl.h>
#include <spdlog/spdlog.h>

#include <cerrno>
#include <map>
#include <utility>
#include <vector>

#include "daemon/worker.h"

namespace sluice::daemon {

Result<void> Worker::open_dns() {
  for (const UniqueFd& socket : prepared_.resolver_sockets) {
    SLUICE_TRY(const kernel::QueryPort port, kernel::query_port_of(socket.get()));
    dns_ports_.push_back(port);
  }
  return serve_dns();
}

// The sockets stay open when the server stops: what comes meanwhile waits in them.
Result<void> Worker::serve_dns() {
  std::vector<UniqueFd> copies;
  for (const UniqueFd& socket : prepared_.resolver_sockets) {
    copies.emplace_back(::fcntl(socket.get(), F_DUPFD_CLOEXEC, 0));
    if (!copies.back()) return Error::sys(errno, "duplicate a socket of the DNS resolver");
  }
  dns_->open();
  return dns_server_.start(std::move(copies), dns_->limits().message.query_bytes_max,
                           [this](std::size_t socket, const Endpoint& source, ByteView query) {
                             return answer(dns_ports_[socket], source, query);
                           });
}

Bytes Worker::answer(const kernel::QueryPort& at, const Endpoint& source, ByteView query) {
  const auto who = kernel_->find_query(at, source);
  if (who) return dns_->answer(*who, query, false);
  dns_->unowned();
  return {};
}

void Worker::end_dns() {
  dns_server_.stop();
  if (!dns_) return;
  dns_->close();
  if (!audit_) return;
  if (const auto written = audit_->append(dns_->take_lines()); !written)
    spdlog::error("audit: {}", written.error().text());
}

Result<void> Worker::claim_resolvers() {
  std::map<bool, std::vector<kernel::QueryPort>> families;
  for (const kernel::QueryPort& port : dns_ports_)
    families[port.address.ip.is_v4()].push_back(port);
  for (const auto& [is_v4, ports] : families) SLUICE_TRY_VOID(kernel_->set_resolver(ports));
  return {};
}

}  // namespace sluice::daemon
