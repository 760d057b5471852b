// SPDX-License-Identifier: Apache-2.0
// Rewrites DataRows by a ResultPlan. A row in which nothing changes is passed on as it came.
#pragma once

#include <sluice/result.h>

#include "proto/postgres/frame.h"
#include "proto/postgres/limits.h"
#include "session/postgres/cell_masker.h"
#include "session/postgres/output.h"
#include "session/postgres/result_plan.h"

namespace sluice::session {

class RowMasker {
 public:
  explicit RowMasker(CellMasker& cells) : cells_(cells) {}

  // `whole` is the frame with its head. `clean`: the detectors know already that they would find
  // nothing in it. Error: the row does not fit the plan or cannot be read; nothing was written.
  Result<void> mask(const pg::Frame& frame, ByteView whole, bool clean, const ResultPlan& plan,
                    const pg::Limits& limits, Output& out);

 private:
  CellMasker& cells_;
};

}  // namespace sluice::session
