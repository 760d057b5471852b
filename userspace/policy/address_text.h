// SPDX-License-Identifier: Apache-2.0
// "db.internal:5432", "10.0.0.0/24:5432", "[2001:db8::]/64:5432", "unix:/run/x.sock": what stands
// in `address` of a resource.
#pragma once

#include <sluice/resource.h>
#include <sluice/result.h>

#include <string_view>

namespace sluice::policy {

// The error says what is wrong and what to write.
Result<ResourceAddress> parse_address(std::string_view text);

bool is_loopback(const ResourceAddress& address);

}  // namespace sluice::policy
