// SPDX-License-Identifier: Apache-2.0
// The addresses that host names of the policy stood for when somebody last asked the resolver. A
// value: the policy asks nobody.
#pragma once

#include <sluice/resource.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::policy {

class AddressBook {
 public:
  // Replaces what was known of `host`, which is written as Policy::host_names() gives it.
  void set(std::string host, std::vector<IpAddress> addresses);
  // Empty where the name is not known (yet).
  const std::vector<IpAddress>& addresses_of(std::string_view host) const;
  bool operator==(const AddressBook&) const = default;

 private:
  std::map<std::string, std::vector<IpAddress>, std::less<>> addresses_;
};

}  // namespace sluice::policy
