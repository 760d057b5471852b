// SPDX-License-Identifier: Apache-2.0
// What record's own parts need of a recordings directory.
#pragma once

#include "record/reader.h"
#include "record/summary.h"

#include <sluice/result.h>

#include <set>
#include <string>

namespace sluice::record {

struct Listing {
  std::set<SessionId> sessions;     // by their files
  std::set<std::string> strangers;  // names that end like a session's and are none
};
Result<Listing> list_files(const std::string& directory);

// Reads to the end; `end` is how it ended: End, Unfinished or Bad.
SessionSummary summarize(SessionReader& reader, SessionReader::Step& end);

}  // namespace sluice::record
