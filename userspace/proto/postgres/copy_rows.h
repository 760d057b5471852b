// SPDX-License-Identifier: Apache-2.0
// The data of COPY TO STDOUT, row by row. PostgreSQL manual, COPY, "File Formats". Where one
// message ends and the next begins says nothing about rows.
#pragma once

#include <sluice/bytes.h>
#include <sluice/copy_format.h>
#include <sluice/result.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace sluice::pg {

struct CopyCell {
  std::optional<ByteView> value;  // without quotes and escapes, as a DataRow has it; nullopt: NULL
  ByteView raw;                   // as it stands in the data; of binary with its length
};

// A row, or what stands between rows: the first row of names, the signature and the end of binary.
// Its views hold until the function that is given it returns.
struct CopyPiece {
  ByteView whole;
  bool is_row = false;
  const std::vector<CopyCell>& cells;  // empty where it is no row
};

class CopyReader {
 public:
  // `row_bytes_max`: of one row that comes in several messages, and is gathered here. Where a NULL
  // cannot be told from a value it is taken for a value.
  CopyReader(CopyFormat format, std::size_t columns, std::size_t row_bytes_max);

  // Calls `take` for each piece that is whole by now. Error: this is no data of that format, or a
  // row is too long; nothing may be read after it.
  Result<void> read(ByteView data, const std::function<void(const CopyPiece&)>& take);
  // The data has ended. Error: not where a row does.
  Result<void> finish() const;
  // No part of a row waits here.
  bool between_rows() const { return gathered_.empty(); }

 private:
  using Size = Result<std::size_t>;  // of the piece at the front of the data; 0: more is needed
  Size next(ByteView data);
  Size next_text(ByteView data);
  Size next_csv(ByteView data);
  Size next_binary(ByteView data);
  Size signature(ByteView data);
  Result<void> read_text(CopyCell& cell);
  void read_csv(CopyCell& cell);
  Size end_of_row(std::size_t size);

  CopyFormat format_;
  std::size_t columns_;
  std::size_t row_bytes_max_;
  bool at_start_ = true;  // of the data
  bool ended_ = false;    // binary: its end has been read
  bool is_row_ = false;   // the piece that was found last
  Bytes gathered_;
  std::size_t gathered_from_ = 0;  // messages
  std::vector<CopyCell> cells_;
  Bytes plain_;  // values without their escapes
};

// Appends one row, cell by cell.
class CopyRowWriter {
 public:
  CopyRowWriter(Bytes& out, const CopyFormat& format, std::size_t columns);
  void add(ByteView value);    // quoted and escaped as needed
  void add_raw(ByteView raw);  // CopyCell::raw
  void add_null();
  void finish();

 private:
  void separate();

  Bytes& out_;
  const CopyFormat& format_;
  bool first_ = true;
};

}  // namespace sluice::pg
