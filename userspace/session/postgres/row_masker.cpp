// SPDX-License-Identifier: Apache-2.0
#include "session/postgres/row_masker.h"

#include <optional>
#include <string>

#include "proto/postgres/build.h"

namespace sluice::session {

namespace {

// A row that is written anew from the first cell on that changes.
class ChangedRow {
 public:
  ChangedRow(const pg::DataRow& row, Output& out) : row_(row), out_(out) {}

  bool any() const { return builder_.has_value(); }
  // The cell at `position`; those before it that were not given stay what they are.
  pg::DataRowBuilder& from(std::size_t position) {
    if (!builder_) {
      builder_.emplace(out_.own(), row_.cells.size());
      for (auto cell = row_.cells.begin(); position > 0; --position, ++cell) add(*cell);
    }
    return *builder_;
  }
  void add(const std::optional<ByteView>& value) {
    if (value)
      builder_->add(*value);
    else
      builder_->add_null();
  }
  void finish() { builder_->finish(); }

 private:
  const pg::DataRow& row_;
  Output& out_;
  std::optional<pg::DataRowBuilder> builder_;
};

}  // namespace

Result<void> RowMasker::mask(const pg::Frame& frame, ByteView whole, bool clean,
                             const ResultPlan& plan, const pg::Limits& limits, Output& out) {
  SLUICE_TRY(const pg::DataRow row, pg::decode_data_row(frame.body, limits));
  if (row.cells.size() != plan.cells.size())
    return Error{"DataRow has " + std::to_string(row.cells.size()) + " cells, its description " +
                 std::to_string(plan.cells.size())};
  ChangedRow changed{row, out};
  std::size_t position = 0;
  for (const auto value : row.cells) {
    const CellPlan& cell = plan.cells[position];
    const bool nothing_to_do = clean && cell.kind == CellPlan::Kind::kDetect;
    auto outcome = CellMasker::Outcome::kAsItIs;
    if (!value)
      outcome = cells_.mask_null(cell);
    else if (!nothing_to_do)
      outcome = cells_.mask(cell, *value);
    const bool stays_null = !value && outcome == CellMasker::Outcome::kNull;
    if (outcome == CellMasker::Outcome::kAsItIs || stays_null) {
      if (changed.any()) changed.add(value);
    } else if (outcome == CellMasker::Outcome::kChanged) {
      changed.from(position).add(cells_.changed());
    } else {
      changed.from(position).add_null();
    }
    ++position;
  }
  if (changed.any())
    changed.finish();
  else
    out.pass(whole);
  return {};
}

}  // namespace sluice::session
