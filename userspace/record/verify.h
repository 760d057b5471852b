// SPDX-License-Identifier: Apache-2.0
// Proves a recordings directory, or says where it is broken (invariant 7).
//
// What it can know. Sessions that were sealed, and everything before the newest checkpoint that the
// verifier holds, cannot be changed without being found. Of what came after that checkpoint, whole
// entries at the very end of host.chain can be removed together with their session files by one who
// may write here: only a checkpoint that was kept elsewhere, and is newer, finds that. Blocks that
// a session still in progress has written can be cut from its end until it is sealed.
#pragma once

#include "record/checkpoint.h"
#include "record/key.h"

#include <sluice/identity.h>
#include <sluice/result.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sluice::record {

struct Finding {
  std::string file;                     // name in the directory
  std::uint64_t offset = 0;             // of the block, entry or row that is bad
  std::optional<std::uint64_t> record;  // its number in the file, from 0
  std::string what;                     // one sentence
};

struct Report {
  std::vector<Finding> findings;  // the first bad place of each file, host.chain first
  std::vector<std::string>
      notes;  // what is not an error: live sessions, unfinished tails, cut-off ones
  std::uint64_t sessions = 0;   // checked
  std::uint64_t live = 0;       // of them not sealed yet
  std::uint64_t abandoned = 0;  // of them cut off
  std::uint64_t blocks = 0;
  std::uint64_t events = 0;
  std::uint64_t chain_entries = 0;
  std::uint64_t checkpoints = 0;
  std::optional<Checkpoint> newest_checkpoint;
  bool ok() const { return findings.empty(); }
};

// `off_host` is a checkpoint that was kept elsewhere. An Error means that nothing could be said
// (the directory cannot be read); everything found is in the report. Safe beside a running daemon.
Result<Report> verify_all(const std::string& directory, const PublicKey& key,
                          const std::optional<Checkpoint>& off_host = std::nullopt);
// The chain of the host, and of the sessions only this one.
Result<Report> verify_session(const std::string& directory, const SessionId& session,
                              const PublicKey& key,
                              const std::optional<Checkpoint>& off_host = std::nullopt);

}  // namespace sluice::record
