// SPDX-License-Identifier: Apache-2.0
// Small files that the worker keeps.
#pragma once

#include <sluice/result.h>
#include <sluice/secret.h>

#include <string>

namespace sluice::daemon {

// 32 random bytes, made at first use with mode 0600; refused if others can read them.
Result<Secret> load_or_make_key(const std::string& path);
// Copies `from` to `to` (mode 0644) in one step, so that a reader never sees half of it.
Result<void> publish_file(const std::string& from, const std::string& to);

}  // namespace sluice::daemon
