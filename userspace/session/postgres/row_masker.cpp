// SPDX-License-Identifier: Apache-2.0
#include "session/postgres/row_masker.h"

#include <sluice/postgres_types.h>

#include "proto/postgres/build.h"

namespace sluice::session {
namespace {

// The value's bytes are the text itself, so replacing some of them keeps it a value of its type. In
// binary, arrays and types that are not known carry lengths inside.
bool bytes_are_the_text(const mask::CellType& type) {
  if (type.format == mask::Format::kText) return true;
  switch (type.oid) {
    case postgres_type::kText:
    case postgres_type::kVarchar:
    case postgres_type::kBpchar:
    case postgres_type::kName:
    case postgres_type::kJson:
    case postgres_type::kJsonb:
    case postgres_type::kXml:
    case postgres_type::kUnknown: return true;
    default: return false;
  }
}

}  // namespace

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
      case CellPlan::Kind::kDetect:
        // A hit in a value with a structure of its own (json, arrays, xml) leaves the structure:
        // only the found characters are replaced, and none of the replacements needs quoting.
        if (!guard_.replace_hits(*value, cell_)) {
          builder.add(*value);
          break;
        }
        changed = true;
        if (bytes_are_the_text(cell.type))
          builder.add(cell_);
        else
          add_masked(builder, cell.type, *value, MaskKind::kRedact);
        break;
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
