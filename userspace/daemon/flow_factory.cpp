// SPDX-License-Identifier: Apache-2.0
#include "daemon/flow_factory.h"

#include <algorithm>

#include "daemon/counting_writer.h"
#include "daemon/random.h"
#include "session/opaque/session.h"
#include "session/postgres/session.h"

namespace sluice::daemon {
namespace {

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

}  // namespace

Result<std::unique_ptr<FlowFactory>> FlowFactory::make(Ports ports, const Secret& mask_key) {
  std::unique_ptr<FlowFactory> factory{new FlowFactory(ports)};
  SLUICE_TRY(auto detectors, mask::Detectors::make());
  factory->detectors_ = std::make_shared<const mask::Detectors>(std::move(detectors));
  SLUICE_TRY(auto hash, mask::KeyedHash::make(mask_key));
  factory->hash_ = std::move(hash);
  return factory;
}

Result<session::MaskTools> FlowFactory::tools_of_this_thread() {
  const std::lock_guard lock{mutex_};
  const auto found = tools_.find(std::this_thread::get_id());
  if (found != tools_.end()) return found->second;
  SLUICE_TRY(auto scratch, detectors_->make_scratch());
  SLUICE_TRY(auto hash, hash_->clone());
  session::MaskTools tools{detectors_, std::make_shared<mask::Scratch>(std::move(scratch)),
                           std::make_shared<mask::KeyedHash>(std::move(hash))};
  tools_.emplace(std::this_thread::get_id(), tools);
  return tools;
}

// A refusal is recorded like everything else that an agent tried.
Error FlowFactory::refuse(const LiveRun& run, const SessionOpened& opened, const std::string& why) {
  const WallTime now = ports_.clock.wall();
  auto writer = ports_.recorder.open(now, opened);
  if (writer) {
    SessionClosed closed;
    closed.reason = why;
    static_cast<void>((*writer)->append(now, closed));
    static_cast<void>((*writer)->close());
  }
  run.counters->refused.fetch_add(1, std::memory_order_relaxed);
  return Error{"agent " + run.run.agent + " to " + opened.original_destination.text() + ": " + why};
}

Result<std::unique_ptr<FlowSession>> FlowFactory::make_session(const net::FlowSetup& setup) {
  const auto& policies = ports_.policies;
  const auto current = [&policies] { return policies.policy(); };
  if (setup.resource->protocol != Protocol::kPostgres) {
    session::OpaqueOptions options;
    options.session = setup.session_id;
    options.ticket = random_ticket();
    options.lineage = setup.lineage;
    options.resource = setup.resource;
    options.policy = current;
    options.destination = setup.original_destination;
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
  options.randomness = random_bytes(session::PostgresOptions::kRandomBytes);
  SLUICE_TRY(options.mask, tools_of_this_thread());
  return session::make_postgres_session(std::move(options));
}

Result<net::FlowSetup> FlowFactory::accept(int accepted_fd) {
  SLUICE_TRY(const FlowRecord record, ports_.kernel.take_flow_record(accepted_fd));
  const auto run = ports_.runs.by_cgroup_of_flow(record.cgroup_id);
  if (!run) return Error{"the connection's cgroup is no run that this daemon knows"};
  if (run->revoked) return Error{"run " + run->run.id + " is revoked"};
  const PolicyState state = ports_.policies.state();

  SessionOpened opened;
  opened.session = "ses-" + random_hex(8);
  opened.flow = record.flow;
  opened.lineage = *run->lineage;
  opened.agent_address = record.agent_address;
  opened.original_destination = record.original_destination;
  opened.policy_version = state.policy->version();

  const Resource* resource = state.policy->resource_for(agents_of(*run->lineage),
                                                        record.original_destination, *state.book);
  if (resource == nullptr) {
    // From now on the kernel answers alone.
    static_cast<void>(ports_.verdicts.deny(*run->lineage, record.original_destination));
    return refuse(*run, opened, "the destination is no resource of the policy");
  }
  opened.resource = resource->name;
  opened.protocol = name_of(resource->protocol);

  net::FlowSetup setup;
  setup.session_id = opened.session;
  setup.flow = record.flow;
  setup.lineage = run->lineage;
  for (const auto& candidate : state.policy->resources())
    if (candidate.get() == resource) setup.resource = candidate;
  setup.agent = record.agent_address;
  setup.original_destination = record.original_destination;
  const auto names = names_of(*resource, record.original_destination, *state.book);
  setup.upstream = upstream_of(*resource, record.original_destination, names);
  setup.leaf_names.dns = names;
  setup.agent_alpn = resource->protocol == Protocol::kPostgres ? "postgresql" : "";
  auto session = make_session(setup);
  if (!session) return refuse(*run, opened, session.error().text());
  setup.session = *std::move(session);
  SLUICE_TRY(auto writer, ports_.recorder.open(ports_.clock.wall(), opened));
  setup.writer = std::make_unique<CountingWriter>(std::move(writer), run->counters, totals_);
  return setup;
}

}  // namespace sluice::daemon
