// SPDX-License-Identifier: Apache-2.0
// Opens the files of a directory at start and finishes what a dead daemon left: cuts off appends
// that were provably cut short, closes its sessions as abandoned, completes the index.
#pragma once

#include "record/host_log.h"

#include <map>
#include <string>
#include <vector>

namespace sluice::record {

struct Opened {
  HostLog::Start start;
  bool fresh = false;  // no chain yet
  std::map<SessionId, ChainReader::Fate> sessions;
};

// Reads and checks the chain whole. Cuts off a torn last entry; anything else that is wrong is an
// error that says where. Nobody else may have the directory.
Result<Opened> open_directory(const RecorderOptions& options, Files& files, const PublicKey& key,
                              std::vector<std::string>& recovered);

// Reads the chain again and finishes its open sessions that nobody writes. The caller holds the
// turn of `host`.
Result<void> finish_what_has_no_writer(HostLog& host, std::vector<std::string>& finished);

Result<void> finish_sessions(HostLog& host, const std::map<SessionId, ChainReader::Fate>& sessions,
                             std::vector<std::string>& recovered);

}  // namespace sluice::record
