// SPDX-License-Identifier: Apache-2.0
#include "daemon/flow_factory.h"

#include <algorithm>

#include "base/unix_name.h"
#include "daemon/counting_writer.h"
#include "daemon/random.h"
#include "daemon/unix_listener.h"
#include "net/dns_stream.h"
#include "policy/unix_names.h"
#include "session/opaque/session.h"
#include "session/postgres/session.h"

namespace sluice::daemon {
namespace {

constexpr std::uint16_t kDnsPort = 53;

// The host names by which the policy knows this destination; all of the resource's, if none is
// known to have it.
std::vector<std::string> names_of(const Resource& resource, const Endpoint& destination,
                                  const policy::AddressBook& book) {
  std::vector<std::string> matching;
  std::vector<std::string> all;
  for (const ResourceAddress& address : resource.addresses) {
    if (address.kind != ResourceAddress::Kind::kHost) continue;
    all.push_back(address.host);
    const auto& known = book.addresses_of(address.host);
    if (address.port == destination.port &&
        std::find(known.begin(), known.end(), destination.ip) != known.end())
      matching.push_back(address.host);
  }
  return matching.empty() ? all : matching;
}

net::UpstreamSettings upstream_of(const Resource& resource, const Endpoint& destination,
                                  const std::vector<std::string>& names) {
  net::UpstreamSettings upstream;
  upstream.target.endpoint = destination;
  upstream.tls = resource.upstream_tls;
  upstream.ca_file = resource.upstream_ca;
  upstream.verify_names = names;
  // A resource that the policy names by address only is verified by its address.
  if (names.empty()) upstream.verify_names.push_back(destination.ip.text());
  return upstream;
}

// The path as the policy writes it, never as the agent typed it.
net::UpstreamSettings unix_upstream_of(const Resource& resource, const std::string& unix_name) {
  net::UpstreamSettings upstream;
  upstream.tls = UpstreamTls::kDisable;
  upstream.target.unix_path = policy::canonical_unix_path(unix_name);
  for (const ResourceAddress& address : resource.addresses)
    if (address.kind == ResourceAddress::Kind::kUnix &&
        policy::canonical_unix_path(address.path) == upstream.target.unix_path) {
      upstream.target.unix_path = address.path;
      break;
    }
  return upstream;
}

}  // namespace

// What the kernel knows of an accepted connection, over TCP or a Unix socket.
struct FlowFactory::Arrival {
  FlowId flow = 0;
  std::uint64_t cgroup_id = 0;
  Endpoint agent;
  Endpoint destination;
  std::string unix_name;  // not empty: a Unix socket, and the two above are nothing
  std::uint32_t pid = 0;
  // Asks a name server, by TCP.
  bool is_dns() const { return unix_name.empty() && destination.port == kDnsPort; }
  std::string where() const {
    return unix_name.empty() ? destination.text() : "unix:" + printable_unix_name(unix_name);
  }
};

Result<std::unique_ptr<FlowFactory>> FlowFactory::make(Ports ports, const Secret& mask_key) {
  std::unique_ptr<FlowFactory> factory{new FlowFactory(std::move(ports))};
  SLUICE_TRY(auto detectors, mask::Detectors::make());
  factory->detectors_ = std::make_shared<const mask::Detectors>(std::move(detectors));
  SLUICE_TRY(auto hash, mask::KeyedHash::make(mask_key));
  factory->hash_ = std::move(hash);
  return factory;
}

Result<FlowFactory::ThreadTools> FlowFactory::tools_of_this_thread() {
  const std::lock_guard lock{mutex_};
  const auto found = tools_.find(std::this_thread::get_id());
  if (found != tools_.end()) return found->second;
  SLUICE_TRY(auto scratch, detectors_->make_scratch());
  SLUICE_TRY(auto hash, hash_->clone());
  ThreadTools tools{{detectors_, std::make_shared<mask::Scratch>(std::move(scratch)),
                     std::make_shared<mask::KeyedHash>(std::move(hash))},
                    std::make_shared<PolicyReader>(ports_.policies)};
  tools_.emplace(std::this_thread::get_id(), tools);
  return tools;
}

// A refusal is recorded like everything else that an agent tried.
Error FlowFactory::refuse(const LiveRun& run, const SessionOpened& opened, const Arrival& arrival,
                          const std::string& why) {
  const WallTime now = ports_.clock.wall();
  auto writer = ports_.recorder.open(now, opened);
  if (writer) {
    if (!arrival.unix_name.empty())
      static_cast<void>((*writer)->append(now, Remark{"connected to " + arrival.where()}));
    SessionClosed closed;
    closed.reason = why;
    static_cast<void>((*writer)->append(now, closed));
    static_cast<void>((*writer)->close());
  }
  run.counters->refused.fetch_add(1, std::memory_order_relaxed);
  return Error{"agent " + run.run.agent + " to " + arrival.where() + ": " + why};
}

Result<std::unique_ptr<FlowSession>> FlowFactory::make_session(const net::FlowSetup& setup,
                                                               const std::string& where) {
  SLUICE_TRY(const ThreadTools tools, tools_of_this_thread());
  const auto current = [policies = tools.policies]() -> const policy::Policy& {
    return policies->current();
  };
  if (setup.resource->protocol != Protocol::kPostgres) {
    session::OpaqueOptions options;
    options.session = setup.session_id;
    options.ticket = random_ticket();
    options.lineage = setup.lineage;
    options.resource = setup.resource;
    options.policy = current;
    options.destination = where;
    return session::make_opaque_session(std::move(options));
  }
  session::PostgresOptions options;
  options.session = setup.session_id;
  options.lineage = setup.lineage;
  options.resource = setup.resource;
  options.policy = current;
  if (setup.resource->login) {
    SLUICE_TRY(options.password, ports_.keeper.read_password(setup.resource->login->password_file));
  }
  options.upstream_is_unix = !setup.upstream.target.unix_path.empty();
  options.randomness = random_bytes(session::PostgresOptions::kRandomBytes);
  options.mask = tools.mask;
  options.news = ports_.news;
  return session::make_postgres_session(std::move(options));
}

// A conversation with the daemon itself: each query is a line of the audit, and nobody is upstream.
Result<net::FlowSetup> FlowFactory::dns_setup(net::FlowSetup setup, const SessionOpened& opened,
                                              const Arrival& arrival, const LiveRun& run) {
  net::DnsStreamOptions options;
  options.query_bytes_max = ports_.dns.limits().message.query_bytes_max;
  FlowRecord who;
  who.flow = arrival.flow;
  who.cgroup_id = arrival.cgroup_id;
  who.agent_address = arrival.agent;
  who.original_destination = arrival.destination;
  who.pid = arrival.pid;
  options.answer = [&dns = ports_.dns, who](ByteView query) {
    return dns.answer(who, query, true);
  };
  setup.session = net::make_dns_session(std::move(options));
  SLUICE_TRY(auto writer, ports_.recorder.open(ports_.clock.wall(), opened));
  setup.writer = std::make_unique<CountingWriter>(std::move(writer), run.counters, totals_);
  return setup;
}

Result<FlowFactory::Arrival> FlowFactory::arrival_of(int accepted_fd) {
  if (is_unix_socket(accepted_fd)) {
    SLUICE_TRY(const UnixFlowRecord record, ports_.kernel.take_unix_record(accepted_fd));
    return Arrival{record.flow, record.cgroup_id, {}, {}, record.name, 0};
  }
  SLUICE_TRY(const FlowRecord record, ports_.kernel.take_flow_record(accepted_fd));
  return Arrival{record.flow, record.cgroup_id, record.agent_address, record.original_destination,
                 {},          record.pid};
}

const Resource* FlowFactory::resource_of(const PolicyState& state, const LiveRun& run,
                                         const Arrival& arrival) {
  const auto agents = agents_of(*run.lineage);
  if (!arrival.unix_name.empty()) return state.policy->resource_for_unix(agents, arrival.unix_name);
  const Resource* resource = state.policy->resource_for(agents, arrival.destination, *state.book);
  // From now on the kernel answers alone.
  if (resource == nullptr && !arrival.is_dns())
    static_cast<void>(ports_.verdicts.deny(*run.lineage, arrival.destination, state));
  return resource;
}

void FlowFactory::aim(net::FlowSetup& setup, const Arrival& arrival, const PolicyState& state) {
  const Resource& resource = *setup.resource;
  if (!arrival.unix_name.empty()) {
    setup.upstream = unix_upstream_of(resource, arrival.unix_name);
    return;
  }
  const auto names = names_of(resource, arrival.destination, *state.book);
  setup.upstream = upstream_of(resource, arrival.destination, names);
  setup.leaf_names.dns = names;
}

void FlowFactory::remember_unix_name(net::FlowSetup& setup, const Arrival& arrival) {
  const std::lock_guard lock{mutex_};
  unix_names_[setup.session_id] = arrival.where();
  setup.on_closed = [this](const net::FlowSummary& summary) {
    const std::lock_guard guard{mutex_};
    unix_names_.erase(summary.session);
  };
}

std::optional<std::string> FlowFactory::unix_name_of(const SessionId& session) const {
  const std::lock_guard lock{mutex_};
  const auto found = unix_names_.find(session);
  if (found == unix_names_.end()) return std::nullopt;
  return found->second;
}

Result<net::FlowSetup> FlowFactory::accept(int accepted_fd) {
  SLUICE_TRY(const Arrival arrival, arrival_of(accepted_fd));
  auto setup = set_up(arrival);
  // What becomes of a Unix connection is not reconciled: the kernel keeps no record to count.
  if (arrival.unix_name.empty())
    ports_.kernel.totals().add(setup ? kernel::FlowTotal::kSession : kernel::FlowTotal::kRefused);
  return setup;
}

Result<net::FlowSetup> FlowFactory::set_up(const Arrival& arrival) {
  const auto run = ports_.runs.by_cgroup_of_flow(arrival.cgroup_id);
  if (!run) return Error{"the connection's cgroup is no run that this daemon knows"};
  if (run->revoked) return Error{"run " + run->run.id + " is revoked"};
  const PolicyState state = ports_.policies.state();

  SessionOpened opened;
  opened.session = "ses-" + random_hex(8);
  opened.flow = arrival.flow;
  opened.lineage = *run->lineage;
  opened.agent_address = arrival.agent;
  opened.original_destination = arrival.destination;
  opened.policy_version = state.policy->version();

  const Resource* resource = resource_of(state, *run, arrival);
  // Whatever name server was meant, ours answers, unless the policy has something else there.
  const bool dns =
      arrival.is_dns() && (resource == nullptr || resource->protocol == Protocol::kDns);
  if (resource == nullptr && !dns)
    return refuse(*run, opened, arrival, "the destination is no resource of the policy");
  if (resource != nullptr) opened.resource = resource->name;
  opened.protocol = name_of(dns ? Protocol::kDns : resource->protocol);

  net::FlowSetup setup;
  setup.session_id = opened.session;
  setup.flow = arrival.flow;
  setup.lineage = run->lineage;
  for (const auto& candidate : state.policy->resources())
    if (candidate.get() == resource) setup.resource = candidate;
  setup.agent = arrival.agent;
  setup.original_destination = arrival.destination;
  if (dns) return dns_setup(std::move(setup), opened, arrival, *run);
  setup.agent_alpn = resource->protocol == Protocol::kPostgres ? "postgresql" : "";
  aim(setup, arrival, state);
  auto session = make_session(setup, arrival.where());
  if (!session) return refuse(*run, opened, arrival, session.error().text());
  setup.session = *std::move(session);
  SLUICE_TRY(auto writer, ports_.recorder.open(ports_.clock.wall(), opened));
  if (!arrival.unix_name.empty())
    SLUICE_TRY_VOID(writer->append(ports_.clock.wall(), Remark{"connected to " + arrival.where()}));
  if (!arrival.unix_name.empty()) remember_unix_name(setup, arrival);
  setup.writer = std::make_unique<CountingWriter>(std::move(writer), run->counters, totals_);
  return setup;
}

}  // namespace sluice::daemon
