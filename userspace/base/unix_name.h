// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace sluice {

// The name of a Unix socket, fit for a log: as in /proc/net/unix with '@' for the NUL of an
// abstract name, and what is not plain ASCII as \xNN.
std::string printable_unix_name(std::string_view name);

}  // namespace sluice
