// SPDX-License-Identifier: Apache-2.0
// Makes blocks of what dead daemons left in their journals.
#pragma once

#include "record/host_log.h"

#include <map>
#include <string>
#include <vector>

namespace sluice::record {

// `sessions` are those of the chain whose files may be appended to where they are open in it. The
// caller holds the turn of `host`. A journal with events that belong to no open session stays,
// under another name. A sentence for each thing that was found.
Result<void> write_out_left_journals(HostLog& host,
                                     const std::map<SessionId, ChainReader::Fate>& sessions,
                                     std::vector<std::string>& found);

}  // namespace sluice::record
