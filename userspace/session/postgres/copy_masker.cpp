// SPDX-License-Identifier: Apache-2.0
#include "session/postgres/copy_masker.h"

#include <string_view>

#include "proto/postgres/build.h"

namespace sluice::session {

namespace {

// Of letters, digits and these is what detectors look for. A format that would put an escape before
// one of them could hide it.
bool may_be_found(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
         std::string_view{" -_./+="}.find(c) != std::string_view::npos;
}

bool escapes_nothing_found(const CopyFormat& format) {
  switch (format.kind) {
    case CopyFormat::Kind::kText: return !may_be_found(format.delimiter);
    case CopyFormat::Kind::kCsv: return !may_be_found(format.quote) && !may_be_found(format.escape);
    case CopyFormat::Kind::kBinary: return true;
  }
  return false;
}

}  // namespace

void CopyMasker::begin(const CopyFormat& format, ResultPlan plan, std::size_t row_bytes_max) {
  pg::CopyReader reader{format, plan.cells.size(), row_bytes_max};
  copy_.emplace(Copy{format, std::move(plan), std::move(reader), escapes_nothing_found(format)});
}

bool CopyMasker::cells_show() const {
  return copy_ && copy_->plan.detects && copy_->escapes_nothing_found &&
         copy_->reader.between_rows();
}

Result<void> CopyMasker::mask(ByteView body, ByteView whole, bool clean, Output& out) {
  if (copy_->plan.untouched) {
    out.pass(whole);
    return {};
  }
  rows_.clear();
  bool changed = !copy_->reader.between_rows();
  SLUICE_TRY_VOID(copy_->reader.read(body, [&](const pg::CopyPiece& piece) {
    if (piece.is_row)
      changed = mask_row(piece, clean) || changed;
    else
      append(rows_, piece.whole);
  }));
  if (!changed && copy_->reader.between_rows())
    out.pass(whole);
  else if (!rows_.empty())
    pg::append_copy_data(out.own(), rows_);
  return {};
}

bool CopyMasker::mask_row(const pg::CopyPiece& row, bool clean) {
  row_.clear();
  // The row is written anew from the first cell on that changes.
  std::optional<pg::CopyRowWriter> writer;
  const auto changed_from = [&](std::size_t position) -> pg::CopyRowWriter& {
    if (!writer) {
      writer.emplace(row_, copy_->format, row.cells.size());
      for (std::size_t i = 0; i < position; ++i) writer->add_raw(row.cells[i].raw);
    }
    return *writer;
  };
  for (std::size_t i = 0; i < row.cells.size(); ++i) {
    const pg::CopyCell& cell = row.cells[i];
    const CellPlan& plan = copy_->plan.cells[i];
    const bool stays = cell.value ? clean && plan.kind == CellPlan::Kind::kDetect
                                  : cells_.mask_null(plan) == CellMasker::Outcome::kNull;
    auto outcome = CellMasker::Outcome::kAsItIs;
    if (!stays)
      outcome = cell.value ? cells_.mask(plan, *cell.value) : CellMasker::Outcome::kChanged;
    switch (outcome) {
      case CellMasker::Outcome::kAsItIs:
        if (writer) writer->add_raw(cell.raw);
        break;
      case CellMasker::Outcome::kChanged: changed_from(i).add(cells_.changed()); break;
      case CellMasker::Outcome::kNull: changed_from(i).add_null(); break;
    }
  }
  if (writer) writer->finish();
  append(rows_, writer ? ByteView{row_} : row.whole);
  return writer.has_value();
}

Result<void> CopyMasker::finish() {
  if (!copy_->plan.untouched) SLUICE_TRY_VOID(copy_->reader.finish());
  return {};
}

}  // namespace sluice::session
