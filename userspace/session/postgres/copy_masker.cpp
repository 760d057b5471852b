// SPDX-License-Identifier: Apache-2.0
#include "session/postgres/copy_masker.h"

#include "proto/postgres/build.h"

namespace sluice::session {

void CopyMasker::begin(const CopyFormat& format, ResultPlan plan, std::size_t row_bytes_max) {
  pg::CopyReader reader{format, plan.cells.size(), row_bytes_max};
  copy_.emplace(Copy{format, std::move(plan), std::move(reader)});
}

Result<void> CopyMasker::mask(ByteView body, ByteView whole, Output& out) {
  if (copy_->plan.untouched) {
    out.pass(whole);
    return {};
  }
  rows_.clear();
  bool changed = !copy_->reader.between_rows();
  SLUICE_TRY_VOID(copy_->reader.read(body, [&](const pg::CopyPiece& piece) {
    if (piece.is_row)
      changed = mask_row(piece) || changed;
    else
      append(rows_, piece.whole);
  }));
  if (!changed && copy_->reader.between_rows())
    out.pass(whole);
  else if (!rows_.empty())
    pg::append_copy_data(out.own(), rows_);
  return {};
}

bool CopyMasker::mask_row(const pg::CopyPiece& row) {
  row_.clear();
  pg::CopyRowWriter writer{row_, copy_->format, row.cells.size()};
  bool changed = false;
  for (std::size_t i = 0; i < row.cells.size(); ++i) {
    const pg::CopyCell& cell = row.cells[i];
    const auto outcome =
        cell.value ? cells_.mask(copy_->plan.cells[i], *cell.value) : CellMasker::Outcome::kAsItIs;
    changed = changed || outcome != CellMasker::Outcome::kAsItIs;
    switch (outcome) {
      case CellMasker::Outcome::kAsItIs: writer.add_raw(cell.raw); break;
      case CellMasker::Outcome::kChanged: writer.add(cells_.changed()); break;
      case CellMasker::Outcome::kNull: writer.add_null(); break;
    }
  }
  writer.finish();
  append(rows_, changed ? ByteView{row_} : row.whole);
  return changed;
}

Result<void> CopyMasker::finish() {
  if (!copy_->plan.untouched) SLUICE_TRY_VOID(copy_->reader.finish());
  return {};
}

}  // namespace sluice::session
