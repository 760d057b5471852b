// SPDX-License-Identifier: Apache-2.0
// What a grant covers, as one text that is equal for two requests only if a person who approved the
// one has approved the other.
#pragma once

#include <sluice/intent.h>
#include <sluice/verdict.h>

#include <string>

namespace sluice::approval {

std::string binding_of(const Intent& intent, const Verdict& verdict);

}  // namespace sluice::approval
