// SPDX-License-Identifier: Apache-2.0
// The part of verify that reads host.chain and holds it against the checkpoints outside it.
#pragma once

#include "record/chain.h"
#include "record/verify.h"

#include <map>
#include <optional>
#include <string>

namespace sluice::record {

struct ChainCheck {
  bool whole = true;  // false: what stands after the first bad entry is unknown
  std::map<SessionId, ChainReader::Fate> sessions;
};

// Adds what is wrong, and the counts, to `report`.
Result<ChainCheck> check_chain(const std::string& directory, const PublicKey& key,
                               const std::optional<Checkpoint>& off_host, Report& report);

}  // namespace sluice::record
