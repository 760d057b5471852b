// SPDX-License-Identifier: Apache-2.0
// Rewrites the data of COPY TO STDOUT by a ResultPlan. Data in which nothing changes is passed on
// as it came.
#pragma once

#include <sluice/copy_format.h>
#include <sluice/result.h>

#include <optional>

#include "proto/postgres/copy_rows.h"
#include "session/postgres/cell_masker.h"
#include "session/postgres/output.h"
#include "session/postgres/result_plan.h"

namespace sluice::session {

class CopyMasker {
 public:
  explicit CopyMasker(CellMasker& cells) : cells_(cells) {}

  // `row_bytes_max`: see pg::CopyReader.
  void begin(const CopyFormat& format, ResultPlan plan, std::size_t row_bytes_max);
  bool active() const { return copy_.has_value(); }
  // Nobody has to read the data.
  bool passes() const { return copy_ && copy_->plan.untouched; }
  // The detectors may read the next message as a whole: its cells stand in it as they are read.
  bool cells_show() const;
  // `body` of the CopyData message `whole`. `clean`: the detectors know already that they would
  // find nothing in it; only where cells_show(). Error: it cannot be read; nothing was written.
  Result<void> mask(ByteView body, ByteView whole, bool clean, Output& out);
  // At CopyDone. Error: the data does not end where a row does.
  Result<void> finish();
  // The COPY is over, however it ended.
  void end() { copy_.reset(); }

 private:
  struct Copy {
    CopyFormat format;
    ResultPlan plan;
    pg::CopyReader reader;
    bool escapes_nothing_found = false;  // nothing that detectors find has escapes within
  };
  // False: nothing of it changes, and `rows_` has it as it came.
  bool mask_row(const pg::CopyPiece& row, bool clean);

  CellMasker& cells_;
  std::optional<Copy> copy_;
  Bytes rows_;
  Bytes row_;
};

}  // namespace sluice::session
