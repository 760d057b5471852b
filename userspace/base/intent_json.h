// SPDX-License-Identifier: Apache-2.0
// An intent and the rule that holds it, as JSON: one shape for the store, the control API and the
// command line.
#pragma once

#include <sluice/intent.h>
#include <sluice/result.h>
#include <sluice/verdict.h>

#include <boost/json/fwd.hpp>

namespace sluice {

boost::json::object run_to_json(const Run& run);
Result<Run> run_from_json(const boost::json::value& value);

// Bytes that are no UTF-8 become U+FFFD, so two different statements may look alike here: fit for
// showing, never for comparing.
boost::json::object intent_to_json(const Intent& intent);
Result<Intent> intent_from_json(const boost::json::value& value);

boost::json::object approvers_to_json(const Approvers& approvers);
Result<Approvers> approvers_from_json(const boost::json::value& value);

}  // namespace sluice
