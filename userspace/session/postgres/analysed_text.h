// SPDX-License-Identifier: Apache-2.0
// One text that the agent sent, with what the analysis says of it. Kept by prepared statements, so
// shared.
#pragma once

#include <sluice/flow.h>

#include <memory>
#include <string>

#include "sql/analysis.h"

namespace sluice::session {

struct AnalysedText {
  std::string text;
  sql::Analysis analysis;
  std::string error;  // not empty: the text was not understood, and `analysis` is empty
};
using AnalysedTextPtr = std::shared_ptr<const AnalysedText>;

}  // namespace sluice::session
