// SPDX-License-Identifier: Apache-2.0
// The files of a policy directory, for whoever compiles them: daemon at start and reload, `policy
// check`, tests.
#pragma once

#include <sluice/result.h>

#include <string>
#include <vector>

namespace sluice::control {

struct PolicyFile {
  std::string name;  // path as people will see it in diagnostics: DIR/file.yaml
  std::string text;
};

// Every *.yaml and *.yml directly in `directory`, sorted by name; hidden files are left out, as
// editors put their copies there. No such file, an unreadable one, or more bytes than a policy may
// have: an Error. Where `trusted_only`, a directory or file that somebody else than root or this
// process's user can write to is an Error: they would write the policy.
Result<std::vector<PolicyFile>> read_policy_files(const std::string& directory, bool trusted_only);

}  // namespace sluice::control
