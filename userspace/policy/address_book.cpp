// SPDX-License-Identifier: Apache-2.0
#include "policy/address_book.h"

#include <algorithm>
#include <utility>

namespace sluice::policy {

void AddressBook::set(std::string host, std::vector<IpAddress> addresses) {
  std::sort(addresses.begin(), addresses.end());
  addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
  addresses_.insert_or_assign(std::move(host), std::move(addresses));
}

const std::vector<IpAddress>& AddressBook::addresses_of(std::string_view host) const {
  static const std::vector<IpAddress> none;
  const auto found = addresses_.find(host);
  return found == addresses_.end() ? none : found->second;
}

}  // namespace sluice::policy
