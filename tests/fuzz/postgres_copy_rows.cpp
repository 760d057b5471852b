// SPDX-License-Identifier: Apache-2.0
// COPY data in any format: the same rows however the messages are cut; what is taken is what came,
// byte for byte; a row written anew is read as the same row.
#include <cstdlib>

#include "proto/postgres/copy_rows.h"

namespace {

using namespace sluice;
using namespace sluice::pg;

struct Taken {
  Bytes bytes;
  std::vector<Bytes> values;  // of all rows; 'n', or 'v' and the value
  bool failed = false;
};

CopyFormat format_of(std::uint8_t which) {
  CopyFormat format;
  format.header = (which & 8) != 0;
  switch (which % 5) {
    case 0: break;
    case 1: format.delimiter = '|', format.null = "nil"; break;
    case 2: format.kind = CopyFormat::Kind::kCsv, format.delimiter = ',', format.null = ""; break;
    case 3:
      format.kind = CopyFormat::Kind::kCsv, format.delimiter = ';', format.null = "nil";
      format.quote = '\'', format.escape = '\\';
      break;
    default: format.kind = CopyFormat::Kind::kBinary, format.header = false; break;
  }
  return format;
}

void check_written_anew(const CopyFormat& format, const CopyPiece& row) {
  Bytes out;
  const bool binary = format.kind == CopyFormat::Kind::kBinary;
  if (binary) append(out, std::string_view{"PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19});
  CopyRowWriter writer{out, format, row.cells.size()};
  for (const CopyCell& cell : row.cells)
    if (cell.value)
      writer.add(*cell.value);
    else
      writer.add_null();
  writer.finish();
  CopyFormat headless = format;
  headless.header = false;
  CopyReader reader{headless, row.cells.size(), out.size()};
  std::size_t rows = 0;
  const auto read = reader.read(out, [&](const CopyPiece& again) {
    if (!again.is_row) return;
    ++rows;
    if (again.cells.size() != row.cells.size()) std::abort();
    for (std::size_t i = 0; i < row.cells.size(); ++i) {
      const auto& a = row.cells[i].value;
      const auto& b = again.cells[i].value;
      if (a.has_value() != b.has_value() || (a && as_text(*a) != as_text(*b))) std::abort();
    }
  });
  if (!read || rows != 1) std::abort();
}

Taken take(const CopyFormat& format, std::size_t columns, ByteView first, ByteView second) {
  Taken taken;
  CopyReader reader{format, columns, 1U << 20};
  for (const ByteView part : {first, second}) {
    const auto read = reader.read(part, [&](const CopyPiece& piece) {
      append(taken.bytes, piece.whole);
      if (!piece.is_row) return;
      for (const CopyCell& cell : piece.cells) {
        Bytes value{cell.value ? std::uint8_t{'v'} : std::uint8_t{'n'}};
        if (cell.value) append(value, *cell.value);
        taken.values.push_back(std::move(value));
      }
      if (!piece.cells.empty()) check_written_anew(format, piece);
    });
    if (!read) {
      taken.failed = true;
      break;
    }
  }
  return taken;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  const CopyFormat format = format_of(data[0]);
  const std::size_t columns = data[1] % 5;
  const ByteView bytes{data + 3, size - 3};
  const std::size_t at = data[2] * bytes.size() / 256;
  const Taken whole = take(format, columns, bytes, {});
  const Taken cut = take(format, columns, bytes.first(at), bytes.subspan(at));
  if (whole.failed != cut.failed || whole.values != cut.values || whole.bytes != cut.bytes)
    std::abort();
  if (as_text(bytes).substr(0, whole.bytes.size()) != as_text(whole.bytes)) std::abort();
  return 0;
}
