// SPDX-License-Identifier: Apache-2.0
// The listing of a recordings directory. It reads the index, and the files of sessions that are not
// in it yet; it proves nothing (record/verify.h does).
#pragma once

#include "record/summary.h"

#include <sluice/result.h>

#include <string>
#include <vector>

namespace sluice::record {

struct ListedSession {
  SessionSummary summary;
  bool live = false;    // not in the index: still open, or cut off and not yet recovered
  std::string trouble;  // why the file could not be read to its end; "" if it could
};

// Oldest first. `host_id` as PublicKey::host_id() says.
Result<std::vector<ListedSession>> list_sessions(const std::string& directory,
                                                 const std::string& host_id);

// "ses-" names only: letters, digits and '-'. Everything else never becomes a path.
bool is_session_id(std::string_view id);
std::string session_path(const std::string& directory, std::string_view id);

}  // namespace sluice::record
