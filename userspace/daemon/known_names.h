// SPDX-License-Identifier: Apache-2.0
// The host names that a lineage of agents may be told of: those in the addresses of a resource that
// every member has a rule to reach.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "policy/policy.h"

namespace sluice::daemon {

using NameSet = std::set<std::string>;  // lower case, without the last dot

NameSet names_reached(const policy::Policy& policy, const std::vector<std::string>& agents);

// The same, remembered for as long as that policy is in force. Any thread.
class KnownNames {
 public:
  std::shared_ptr<const NameSet> of(const std::shared_ptr<const policy::Policy>& policy,
                                    const std::vector<std::string>& agents);

 private:
  std::mutex mutex_;
  std::shared_ptr<const policy::Policy> policy_;
  std::map<std::vector<std::string>, std::shared_ptr<const NameSet>> names_;
};

}  // namespace sluice::daemon
