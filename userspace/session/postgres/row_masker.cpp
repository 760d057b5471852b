// SPDX-License-Identifier: Apache-2.0
#include "session/postgres/row_masker.h"

#include "proto/postgres/build.h"

namespace sluice::session {

Result<void> RowMasker::mask(const pg::Frame& frame, ByteView whole, const ResultPlan& plan,
                             const pg::Limits& limits, Output& out) {
  SLUICE_TRY(const pg::DataRow row, pg::decode_data_row(frame.body, limits));
  if (row.cells.size() != plan.cells.size())
    return Error{"DataRow has " + std::to_string(row.cells.size()) + " cells, its description " +
                 std::to_string(plan.cells.size())};
  row_.clear();
  bool changed = false;
  pg::DataRowBuilder builder{row_, row.cells.size()};
  std::size_t position = 0;
  for (const auto value : row.cells) {
    const CellPlan& cell = plan.cells[position++];
    const auto outcome = value ? cells_.mask(cell, *value) : cells_.mask_null(cell);
    const bool stays_null = !value && outcome == CellMasker::Outcome::kNull;
    changed = changed || (outcome != CellMasker::Outcome::kAsItIs && !stays_null);
    switch (outcome) {
      case CellMasker::Outcome::kAsItIs: builder.add(*value); break;
      case CellMasker::Outcome::kChanged: builder.add(cells_.changed()); break;
      case CellMasker::Outcome::kNull: builder.add_null(); break;
    }
  }
  builder.finish();
  if (changed)
    append(out.own(), ByteView{row_});
  else
    out.pass(whole);
  return {};
}

}  // namespace sluice::session
