// SPDX-License-Identifier: Apache-2.0
// Names of Unix sockets in a policy: how one path is told from another, and the sockets of the host
// that programs need without naming them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice::policy {

// "/var/run/x" is "/run/x": the first is a link to the second wherever both are in use.
std::string canonical_unix_path(std::string_view path);
// All spellings of a canonical path, itself first.
std::vector<std::string> unix_path_spellings(const std::string& canonical);

// What is wrong with a path as a name to compare with; null where it is absolute and normal, and
// fits into a socket address.
const char* what_is_wrong_with_unix_path(std::string_view path);

// "resolver", "syslog", "nscd": groups of sockets that a run may reach unless its agent's
// `unix_builtin` leaves them out.
const std::vector<std::string>& unix_builtin_groups();
// The canonical paths of one group.
const std::vector<std::string>& unix_builtin_paths(std::string_view group);

}  // namespace sluice::policy
