// SPDX-License-Identifier: Apache-2.0
#include "session/postgres/copy_masker.h"

#include <algorithm>
#include <array>

#include "proto/postgres/build.h"

namespace sluice::session {
namespace {

pg::CopyStyle style_of(const sql::CopyFormat& format) {
  pg::CopyStyle style;
  switch (format.kind) {
    case sql::CopyFormat::Kind::kText: style.kind = pg::CopyStyle::Kind::kText; break;
    case sql::CopyFormat::Kind::kCsv: style.kind = pg::CopyStyle::Kind::kCsv; break;
    case sql::CopyFormat::Kind::kBinary: style.kind = pg::CopyStyle::Kind::kBinary; break;
  }
  style.header = format.header && style.kind != pg::CopyStyle::Kind::kBinary;
  style.delimiter = format.delimiter;
  style.null = format.null;
  style.quote = format.quote;
  style.escape = format.escape;
  return style;
}

}  // namespace

const std::string& copy_encoding(const sql::CopyFormat& format,
                                 const std::string& client_encoding) {
  return format.encoding.empty() ? client_encoding : format.encoding;
}

bool copy_encoding_is_readable(std::string_view encoding) {
  // As the server compares names: letters and digits alone.
  std::string name;
  for (const char c : encoding) {
    if (c >= 'A' && c <= 'Z')
      name.push_back(static_cast<char>(c + ('a' - 'A')));
    else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
      name.push_back(c);
  }
  constexpr std::array<std::string_view, 14> kWhole{
      "utf8",  "unicode", "sqlascii", "eucjp",        "euccn", "euckr", "euctw",
      "koi8r", "koi8u",   "koi8",     "muleinternal", "win",   "alt",   "eucjis2004"};
  const auto numbered = [&](std::string_view family) {
    return name.size() > family.size() && name.starts_with(family) &&
           name.find_first_not_of("0123456789", family.size()) == std::string::npos;
  };
  return std::find(kWhole.begin(), kWhole.end(), name) != kWhole.end() || numbered("latin") ||
         numbered("iso8859") || name == "win866" || name == "win874" || numbered("win125");
}

void CopyMasker::begin(const sql::CopyFormat& format, ResultPlan plan, std::size_t row_bytes_max) {
  pg::CopyStyle style = style_of(format);
  pg::CopyReader reader{style, plan.cells.size(), row_bytes_max};
  copy_.emplace(Copy{std::move(style), std::move(plan), std::move(reader)});
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
  pg::CopyRowWriter writer{row_, copy_->style, row.cells.size()};
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
