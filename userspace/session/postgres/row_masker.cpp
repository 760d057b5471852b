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
    if (!value) {
      builder.add_null();
      continue;
    }
    cell_.clear();
    switch (cell.kind) {
      case CellPlan::Kind::kPass: builder.add(*value); break;
      case CellPlan::Kind::kDetect: {
        const auto masked = guard_.mask_hits(cell.type, *value, cell_);
        changed = changed || masked.has_value();
        if (!masked)
          builder.add(*value);
        else if (*masked == mask::Masked::kValue)
          builder.add(cell_);
        else
          builder.add_null();
        break;
      }
      case CellPlan::Kind::kMask:
        changed = true;
        add_masked(builder, cell.type, *value, cell.mask);
        break;
    }
  }
  builder.finish();
  if (changed)
    append(out.own(), ByteView{row_});
  else
    out.pass(whole);
  return {};
}

void RowMasker::add_masked(pg::DataRowBuilder& builder, const mask::CellType& type, ByteView value,
                           MaskKind kind) {
  cell_.clear();
  if (mask::mask_cell(type, value, kind, *tools_.hash, cell_) == mask::Masked::kValue)
    builder.add(cell_);
  else
    builder.add_null();
}

}  // namespace sluice::session
