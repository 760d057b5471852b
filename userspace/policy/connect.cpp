// SPDX-License-Identifier: Apache-2.0
// From addresses to resources, and what the kernel may decide about a connection alone.
#include "policy/compiled.h"
#include "policy/policy.h"
#include "policy/unix_names.h"

#include <cerrno>

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>

namespace sluice::policy {
namespace {

constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kUdp = 17;
constexpr std::uint16_t kDnsPort = 53;

bool network_contains(const IpAddress& network, std::uint8_t prefix_length, const IpAddress& ip) {
  const std::size_t whole = prefix_length / 8;
  if (!std::equal(ip.bytes.begin(), ip.bytes.begin() + static_cast<std::ptrdiff_t>(whole),
                  network.bytes.begin()))
    return false;
  const unsigned rest = prefix_length % 8U;
  if (rest == 0) return true;
  const auto mask = static_cast<std::uint8_t>(0xff00U >> rest);
  return (ip.bytes[whole] & mask) == (network.bytes[whole] & mask);
}

// The agents of a lineage as numbers; nothing where one is not in the policy.
std::optional<std::vector<std::uint32_t>> numbers_of(const Compiled& compiled,
                                                     const std::vector<std::string>& agents) {
  std::vector<std::uint32_t> numbers;
  for (const std::string& name : agents) {
    const auto number = compiled.agent_number(name);
    if (!number) return std::nullopt;
    numbers.push_back(*number);
  }
  if (numbers.empty()) return std::nullopt;
  return numbers;
}

// Of resources that claim the same network: the one that all of the lineage reach, else the one
// that the innermost agent reaches; two of either cannot be told apart.
std::optional<std::uint32_t> choose(const Compiled& compiled,
                                    const std::vector<std::uint32_t>& agents,
                                    std::vector<std::uint32_t> claims) {
  std::sort(claims.begin(), claims.end());
  claims.erase(std::unique(claims.begin(), claims.end()), claims.end());
  if (claims.size() == 1) return claims.front();
  std::vector<std::uint32_t> by_all, by_innermost;
  for (const std::uint32_t resource : claims) {
    const auto reaches = [&](std::uint32_t agent) { return compiled.reaches(agent, resource); };
    if (std::all_of(agents.begin(), agents.end(), reaches)) by_all.push_back(resource);
    if (reaches(agents.back())) by_innermost.push_back(resource);
  }
  if (by_all.size() == 1) return by_all.front();
  if (by_all.empty() && by_innermost.size() == 1) return by_innermost.front();
  return std::nullopt;
}

struct Answer {
  ConnectVerdict verdict = ConnectVerdict::kDeny;
  std::uint32_t rule = 0;
};

// Whether the daemon can do anything with the connection: some statement might be allowed or held,
// or what would happen is to be recorded.
bool may_pass_statements(const Compiled& compiled, std::uint32_t agent, std::uint32_t resource) {
  if (compiled.reaches(agent, resource)) return true;
  const auto cells = compiled.observed.cells(agent, resource);
  return std::any_of(cells.begin(), cells.end(), [](const auto& cell) { return !cell.empty(); });
}

// What one member's rules say to a bare connect.
Answer connect_answer(const Compiled& compiled, std::uint32_t agent, std::uint32_t resource) {
  const auto connect = ActionSet{Action::kConnect}.bits();
  bool needs_judge = false;
  std::uint32_t deny = kAny, allow = kAny;
  for (const auto& cell : compiled.enforced.cells(agent, resource)) {
    for (const RuleEntry& entry : cell) {
      if ((entry.actions & connect) == 0) continue;
      if (entry.conditional || entry.kind == VerdictKind::kHold)
        needs_judge = true;
      else if (entry.kind == VerdictKind::kDeny)
        deny = std::min(deny, entry.rule);
      else
        allow = std::min(allow, entry.rule);
    }
  }
  for (const auto& cell : compiled.observed.cells(agent, resource))
    for (const RuleEntry& entry : cell)
      if ((entry.actions & connect) != 0) needs_judge = true;
  if (deny != kAny) return {ConnectVerdict::kDeny, deny + 1};
  if (needs_judge) return {ConnectVerdict::kSteer, 0};
  if (allow != kAny) return {ConnectVerdict::kDirect, allow + 1};
  return {ConnectVerdict::kDeny, 0};
}

Answer lineage_answer(const Compiled& compiled, const std::vector<std::uint32_t>& agents,
                      std::uint32_t resource) {
  const Protocol protocol = compiled.resources[resource]->protocol;
  if (protocol != Protocol::kTcp && protocol != Protocol::kDns) {
    const bool all = std::all_of(agents.begin(), agents.end(), [&](std::uint32_t agent) {
      return may_pass_statements(compiled, agent, resource);
    });
    return {all ? ConnectVerdict::kSteer : ConnectVerdict::kDeny, 0};
  }
  Answer answer{ConnectVerdict::kDirect, 0};
  for (auto agent = agents.rbegin(); agent != agents.rend(); ++agent) {
    const Answer own = connect_answer(compiled, *agent, resource);
    if (own.verdict == ConnectVerdict::kDeny) return own;
    if (own.verdict == ConnectVerdict::kSteer) answer = own;
    if (answer.verdict == ConnectVerdict::kDirect && answer.rule == 0) answer = own;
  }
  // A query cannot wait for a person: what the kernel cannot answer alone is not direct.
  if (protocol == Protocol::kDns && answer.verdict == ConnectVerdict::kSteer) return {};
  return answer;
}

using Network = std::tuple<IpAddress, std::uint8_t, std::uint16_t>;  // address, prefix, port

std::map<Network, std::vector<std::uint32_t>> claims_of(const Compiled& compiled,
                                                        const AddressBook& book) {
  std::map<Network, std::vector<std::uint32_t>> claims;
  for (const AddressEntry& address : compiled.addresses) {
    if (address.host.empty()) {
      claims[{address.network, address.prefix_length, address.port}].push_back(address.resource);
      continue;
    }
    for (const IpAddress& ip : book.addresses_of(address.host))
      claims[{ip, 128, address.port}].push_back(address.resource);
  }
  return claims;
}

ConnectEntry entry_for(const Network& network, const Answer& answer, std::uint8_t ip_protocol) {
  ConnectEntry entry;
  std::tie(entry.network, entry.prefix_length, entry.port) = network;
  entry.ip_protocol = ip_protocol;
  entry.verdict = answer.verdict;
  entry.denied_errno = answer.verdict == ConnectVerdict::kDeny ? EACCES : 0;
  entry.rule = answer.rule;
  return entry;
}

}  // namespace

const Resource* Policy::resource_for(const std::vector<std::string>& agents,
                                     const Endpoint& destination, const AddressBook& book) const {
  const auto numbers = numbers_of(*compiled_, agents);
  if (!numbers) return nullptr;
  int longest = -1;
  std::vector<std::uint32_t> claims;
  const auto claim = [&](std::uint8_t prefix_length, std::uint32_t resource) {
    if (prefix_length < longest) return;
    if (prefix_length > longest) claims.clear();
    longest = prefix_length;
    claims.push_back(resource);
  };
  const auto first = std::lower_bound(
      compiled_->addresses.begin(), compiled_->addresses.end(), destination.port,
      [](const AddressEntry& address, std::uint16_t port) { return address.port < port; });
  for (auto address = first;
       address != compiled_->addresses.end() && address->port == destination.port; ++address) {
    if (!address->host.empty()) {
      const auto& known = book.addresses_of(address->host);
      if (std::binary_search(known.begin(), known.end(), destination.ip))
        claim(128, address->resource);
    } else if (network_contains(address->network, address->prefix_length, destination.ip)) {
      claim(address->prefix_length, address->resource);
    }
  }
  if (claims.empty()) return nullptr;
  const auto chosen = choose(*compiled_, *numbers, std::move(claims));
  return chosen ? compiled_->resources[*chosen].get() : nullptr;
}

std::vector<ConnectEntry> Policy::connect_entries(const std::vector<std::string>& agents,
                                                  const AddressBook& book) const {
  std::vector<ConnectEntry> entries;
  const auto numbers = numbers_of(*compiled_, agents);
  if (!numbers) return entries;
  for (const auto& [network, claims] : claims_of(*compiled_, book)) {
    const auto resource = choose(*compiled_, *numbers, claims);
    Answer answer = resource ? lineage_answer(*compiled_, *numbers, *resource) : Answer{};
    // Only a name server speaks over datagrams; every other protocol is TCP.
    const bool dns = resource && compiled_->resources[*resource]->protocol == Protocol::kDns;
    // Who has no rule about it is answered by the daemon, as by every other name server.
    if (dns && std::get<2>(network) == kDnsPort && answer.verdict == ConnectVerdict::kDeny &&
        answer.rule == 0)
      answer.verdict = ConnectVerdict::kSteer;
    entries.push_back(entry_for(network, answer, kTcp));
    if (dns) entries.push_back(entry_for(network, answer, kUdp));
  }
  std::sort(entries.begin(), entries.end());
  return entries;
}

const Resource* Policy::resource_for_unix(const std::vector<std::string>& agents,
                                          std::string_view name) const {
  const auto numbers = numbers_of(*compiled_, agents);
  const auto named = compiled_->unix_paths.find(canonical_unix_path(name));
  if (!numbers || named == compiled_->unix_paths.end()) return nullptr;
  const auto chosen = choose(*compiled_, *numbers, named->second);
  return chosen ? compiled_->resources[*chosen].get() : nullptr;
}

std::vector<UnixEntry> Policy::unix_entries(const std::vector<std::string>& agents) const {
  const auto numbers = numbers_of(*compiled_, agents);
  if (!numbers) return {};
  std::map<std::string, UnixEntry> entries;  // by canonical path
  UnixPeers peers = UnixPeers::kAny;
  std::vector<std::string> direct = compiled_->agents[numbers->front()].unix_direct;
  for (const std::uint32_t number : *numbers) {
    const Agent& agent = compiled_->agents[number];
    peers = std::min(peers, agent.unix_peers);
    std::erase_if(direct, [&](const std::string& path) {
      return !std::binary_search(agent.unix_direct.begin(), agent.unix_direct.end(), path);
    });
  }
  for (const std::string& path : direct) entries[path].verdict = UnixVerdict::kDirect;
  for (const auto& [path, claims] : compiled_->unix_paths) {
    const auto resource = choose(*compiled_, *numbers, claims);
    const Answer answer = resource ? lineage_answer(*compiled_, *numbers, *resource) : Answer{};
    UnixEntry& entry = entries[path];
    const bool denied = answer.verdict == ConnectVerdict::kDeny;
    entry.verdict = denied ? UnixVerdict::kDeny : UnixVerdict::kSteer;
    entry.denied_errno = denied ? EACCES : 0;
    entry.rule = answer.rule;
  }
  std::vector<UnixEntry> spelled;
  for (const auto& [path, entry] : entries)
    for (const std::string& spelling : unix_path_spellings(path)) {
      spelled.push_back(entry);
      spelled.back().name = spelling;
    }
  UnixEntry others;
  others.verdict = peers == UnixPeers::kAny   ? UnixVerdict::kDirect
                   : peers == UnixPeers::kOwn ? UnixVerdict::kOwn
                                              : UnixVerdict::kDeny;
  others.denied_errno = peers == UnixPeers::kDeny ? EACCES : 0;
  spelled.push_back(others);
  std::sort(spelled.begin(), spelled.end());
  return spelled;
}

}  // namespace sluice::policy
