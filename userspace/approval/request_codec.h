// SPDX-License-Identifier: Apache-2.0
// Requests as rows of the store, both ways.
#pragma once

#include "approval/request.h"
#include "store/store.h"

#include <sluice/result.h>

namespace sluice::approval {

store::RequestEntry to_entry(const Request& request);
// Without its votes. The steady deadline of a request of the past is meaningless and left at zero.
Result<Request> from_entry(const store::RequestEntry& entry);

}  // namespace sluice::approval
