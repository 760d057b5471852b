// SPDX-License-Identifier: Apache-2.0
// `sluice verify`: its report as text or as one JSON document.
#pragma once

#include "record/verify.h"

#include <string>

namespace sluice::cli {

std::string report_text(const record::Report& report);
std::string report_json(const record::Report& report);

}  // namespace sluice::cli
