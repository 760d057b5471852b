// SPDX-License-Identifier: Apache-2.0
// The index: one row per finished session, so that a listing need not read the recordings. It is
// derived from them; verify computes each row again.
//
//   row := row_bytes:4 fields      in the order of SessionSummary, encoded as record/format.h says
#pragma once

#include "record/block.h"
#include "record/summary.h"

#include <sluice/bytes.h>
#include <sluice/result.h>

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace sluice::record {

Bytes encode_row(const SessionSummary& summary);

struct IndexRow {
  std::uint64_t number = 0;
  std::uint64_t offset = 0;
  SessionSummary summary;
};

class IndexReader {
 public:
  using Step = std::variant<IndexRow, End, Unfinished, Bad>;
  explicit IndexReader(std::unique_ptr<ByteSource> source) : source_(std::move(source)) {}
  Step next();
  std::uint64_t offset() const { return offset_; }  // after the last good row

 private:
  std::unique_ptr<ByteSource> source_;
  std::uint64_t offset_ = 0;
  std::uint64_t number_ = 0;
  Bytes buffer_;
};

struct Index {
  std::vector<IndexRow> rows;
  std::variant<End, Unfinished, Bad> end;
};
// A missing file is an empty index.
Result<Index> read_index(const std::string& directory);

}  // namespace sluice::record
