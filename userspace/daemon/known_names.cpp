// SPDX-License-Identifier: Apache-2.0
#include "daemon/known_names.h"

namespace sluice::daemon {
namespace {

constexpr std::size_t kLineagesMax = 8192;  // more than there can be runs

// Some address for the name with that number, of the prefix that goes nowhere (RFC 6666).
IpAddress stand_in(std::uint64_t number) {
  IpAddress ip = *parse_ip("100::");
  for (std::size_t i = 0; i < 8; ++i)
    ip.bytes[15 - i] = static_cast<std::uint8_t>(number >> (8 * i));
  return ip;
}

}  // namespace

// Asks what the policy would tell the kernel if each name had an address of its own: so a name is
// known exactly where a connection to what it stands for would not be denied.
NameSet names_reached(const policy::Policy& policy, const std::vector<std::string>& agents) {
  policy::AddressBook book;
  std::map<IpAddress, std::string> name_of;
  for (const std::string& name : policy.host_names()) {
    const IpAddress ip = stand_in(name_of.size() + 1);
    book.set(name, {ip});
    name_of.emplace(ip, name);
  }
  NameSet names;
  for (const policy::ConnectEntry& entry : policy.connect_entries(agents, book))
    if (entry.verdict != ConnectVerdict::kDeny && entry.prefix_length == 128)
      if (const auto found = name_of.find(entry.network); found != name_of.end())
        names.insert(found->second);
  return names;
}

std::shared_ptr<const NameSet> KnownNames::of(const std::shared_ptr<const policy::Policy>& policy,
                                              const std::vector<std::string>& agents) {
  const std::lock_guard lock{mutex_};
  if (policy_ != policy || names_.size() >= kLineagesMax) names_.clear();
  policy_ = policy;
  auto& names = names_[agents];
  if (!names) names = std::make_shared<const NameSet>(names_reached(*policy, agents));
  return names;
}

}  // namespace sluice::daemon
