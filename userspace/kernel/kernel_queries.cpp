// SPDX-License-Identifier: Apache-2.0
// DNS over UDP: where queries of runs are sent to, and who sent one.
#include <bpf/bpf.h>
#include <netinet/in.h>
#include <sluice/abi/query.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "kernel/kernel_maps.h"
#include "kernel/netns_cookie.h"
#include "kernel/socket_address.h"

namespace sluice::kernel {
namespace {

static_assert(kResolverPorts == SLUICE_PLACES);

__u32 family_of(const IpAddress& ip) { return ip.is_v4() ? AF_INET : AF_INET6; }

sluice_resolver_key key_of(const QueryPort& port) {
  sluice_resolver_key key{};
  key.netns_cookie = port.netns_cookie;
  key.family = family_of(port.address.ip);
  return key;
}

}  // namespace

Result<QueryPort> query_port_of(int fd) {
  QueryPort port;
  SLUICE_TRY(port.netns_cookie, netns_cookie_of(fd));
  sockaddr_storage bound{};
  socklen_t length = sizeof bound;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&bound), &length) != 0)
    return Error::sys(errno, "ask a resolver's socket for its address");
  SLUICE_TRY(port.address, endpoint_of(bound));
  return port;
}

Result<void> KernelMaps::set_resolver(const std::vector<QueryPort>& ports) {
  if (ports.size() != kResolverPorts)
    return Error{"a resolver has " + std::to_string(kResolverPorts) + " ports, not " +
                 std::to_string(ports.size())};
  const sluice_resolver_key key = key_of(ports.front());
  sluice_resolver resolver{};
  const auto& address = ports.front().address.ip.bytes;
  std::copy(address.begin(), address.end(), resolver.address);
  for (std::size_t i = 0; i < ports.size(); ++i) {
    const QueryPort& port = ports[i];
    if (port.netns_cookie != key.netns_cookie || port.address.ip != ports.front().address.ip ||
        port.address.port == 0)
      return Error{"the ports of a resolver are not of one address and network namespace"};
    resolver.port[i] = htons(port.address.port);
  }
  if (bpf_map_update_elem(fd(MapName::kResolvers), &key, &resolver, BPF_ANY) != 0)
    return Error::sys(errno, "set the resolver at " + ports.front().address.ip.text());
  return {};
}

Result<void> KernelMaps::forget_resolvers() {
  sluice_resolver_key key{};
  while (bpf_map_get_next_key(fd(MapName::kResolvers), nullptr, &key) == 0)
    if (bpf_map_delete_elem(fd(MapName::kResolvers), &key) != 0 && errno != ENOENT)
      return Error::sys(errno, "forget a resolver");
  return {};
}

Result<FlowRecord> KernelMaps::find_query(const QueryPort& at, const Endpoint& source) const {
  sluice_query_key key{};
  key.netns_cookie = at.netns_cookie;
  key.family = family_of(at.address.ip);
  key.source_port = htons(source.port);
  key.resolver_port = htons(at.address.port);
  sluice_query query{};
  if (bpf_map_lookup_elem(fd(MapName::kQueries), &key, &query) != 0)
    return Error::sys(errno, "find who asks from " + source.text());
  const IpAddress bound = endpoint_of(query.source, 0).ip;
  if (bound != IpAddress{} && bound != source.ip)
    return Error::sys(
        ENOENT, "the query from " + source.text() + " is of a socket bound to " + bound.text());
  FlowRecord record;
  record.flow = query.flow;
  record.cgroup_id = query.cgroup_id;
  record.agent_address = source;
  record.original_destination = endpoint_of(query.destination, query.destination_port);
  record.pid = query.pid;
  return record;
}

}  // namespace sluice::kernel
