// SPDX-License-Identifier: Apache-2.0
// Rewrites DataRows by a ResultPlan. A row in which nothing changes is passed on as it came.
#pragma once

#include <sluice/result.h>

#include "proto/postgres/build.h"
#include "proto/postgres/frame.h"
#include "session/postgres/output.h"
#include "session/postgres/result_plan.h"
#include "session/postgres/text_guard.h"

namespace sluice::session {

class RowMasker {
 public:
  RowMasker(MaskTools tools, TextGuard& guard) : tools_(std::move(tools)), guard_(guard) {}

  // `whole` is the frame with its head. Error: the row does not fit the plan or cannot be read;
  // nothing was written.
  Result<void> mask(const pg::Frame& frame, ByteView whole, const ResultPlan& plan,
                    const pg::Limits& limits, Output& out);

 private:
  void add_masked(pg::DataRowBuilder& builder, const mask::CellType& type, ByteView value,
                  MaskKind kind);

  MaskTools tools_;
  TextGuard& guard_;
  Bytes row_;
  Bytes cell_;
};

}  // namespace sluice::session
