// SPDX-License-Identifier: Apache-2.0
#include "policy/protocols.h"

#include <cstddef>

namespace sluice::policy {

ActionSet all_actions() {
  ActionSet set;
  for (std::size_t i = 0; i < static_cast<std::size_t>(Action::kCount_); ++i)
    set.add(static_cast<Action>(i));
  return set;
}

ActionSet actions_of(Protocol protocol) {
  switch (protocol) {
    case Protocol::kPostgres:
      return ActionSet::from_bits(all_actions().bits() & ~ActionSet{Action::kConnect}.bits());
    case Protocol::kTcp:
    case Protocol::kDns: return {Action::kConnect};
    case Protocol::kMysql:
    case Protocol::kSsh:
    case Protocol::kKubernetes:
    case Protocol::kHttp: break;
  }
  return {};
}

ActionSet switched_actions() { return {Action::kSensitiveSearch, Action::kSensitiveCopy}; }

}  // namespace sluice::policy
