// SPDX-License-Identifier: Apache-2.0
// The Unix sockets of the host that every run may reach, where the BPF LSM
// layer judges them: those that ordinary programs need and that carry nothing
// but names to look up, and log lines.
#pragma once

#include <sluice/result.h>

#include <string>
#include <vector>

namespace sluice::kernel {

// The resolver's (systemd-resolved, nscd, nslcd) and the log's.
std::vector<std::string> default_unix_peers();

// Writes them into the map; what was there before goes. A path may have nobody
// yet: it is found by where it will lie.
Result<void> set_unix_peers(int map, const std::vector<std::string>& paths);

}  // namespace sluice::kernel
