// SPDX-License-Identifier: Apache-2.0
#include "proto/postgres/copy_rows.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include "base/check.h"
#include "proto/postgres/wire.h"

namespace sluice::pg {
namespace {

using Kind = CopyFormat::Kind;

// The server sends a row in one message. Each more means another look at all of it.
constexpr std::size_t kMessagesOfARowMax = 64;

constexpr std::array<std::uint8_t, 11> kSignature{'P',  'G',  'C',  'O',  'P', 'Y',
                                                  '\n', 0xff, '\r', '\n', 0};
constexpr std::size_t kBinaryHeadBytes = kSignature.size() + 8;  // flags, length of what follows
constexpr std::uint32_t kExtensionBytesMax = 1U << 16;
constexpr std::uint32_t kNullLength = 0xffffffff;
constexpr std::uint16_t kEndOfBinary = 0xffff;

// What stands behind a backslash for a byte that would be taken for another, and that byte.
struct Escape {
  char letter;
  char byte;
};
constexpr std::array<Escape, 6> kEscapes{
    {{'b', '\b'}, {'f', '\f'}, {'n', '\n'}, {'r', '\r'}, {'t', '\t'}, {'v', '\v'}}};

Error not_of(const char* format, const std::string& why) {
  return Error{std::string{"the data is no COPY data in "} + format + " format: " + why};
}

// Where it stands; the size of `bytes` where it does not.
std::size_t find_byte(ByteView bytes, char byte) {
  const void* found = bytes.empty() ? nullptr : std::memchr(bytes.data(), byte, bytes.size());
  return found == nullptr
             ? bytes.size()
             : static_cast<std::size_t>(static_cast<const std::uint8_t*>(found) - bytes.data());
}

}  // namespace

CopyReader::CopyReader(CopyFormat format, std::size_t columns, std::size_t row_bytes_max)
    : format_(std::move(format)), columns_(columns), row_bytes_max_(row_bytes_max) {}

Result<void> CopyReader::read(ByteView data, const std::function<void(const CopyPiece&)>& take) {
  ByteView rest = data;
  if (!gathered_.empty()) {
    if (++gathered_from_ > kMessagesOfARowMax || data.size() > row_bytes_max_ - gathered_.size())
      return Error{"a row of COPY data is longer than " + std::to_string(row_bytes_max_) +
                   " bytes, or comes in more than " + std::to_string(kMessagesOfARowMax) +
                   " messages"};
    append(gathered_, data);
    rest = gathered_;
  }
  bool found_some = false;
  while (!rest.empty()) {
    SLUICE_TRY(const std::size_t size, next(rest));
    if (size == 0) break;
    if (!is_row_) cells_.clear();
    take({rest.first(size), is_row_, cells_});
    at_start_ = false;
    found_some = true;
    rest = rest.subspan(size);
  }
  if (rest.size() > row_bytes_max_)
    return Error{"a row of COPY data is longer than " + std::to_string(row_bytes_max_) + " bytes"};
  Bytes left{rest.begin(), rest.end()};
  if (found_some || gathered_.empty()) gathered_from_ = 1;
  gathered_ = std::move(left);
  return {};
}

Result<void> CopyReader::finish() const {
  if (!gathered_.empty() || (format_.kind == Kind::kBinary && !ended_))
    return Error{"COPY data ends in the middle of a row"};
  return {};
}

CopyReader::Size CopyReader::next(ByteView data) {
  cells_.clear();
  plain_.clear();
  is_row_ = true;
  switch (format_.kind) {
    case Kind::kText: return next_text(data);
    case Kind::kCsv: return next_csv(data);
    case Kind::kBinary: return next_binary(data);
  }
  SLUICE_CHECK(false);
}

CopyReader::Size CopyReader::end_of_row(std::size_t size) {
  // The row of a table without columns is an empty line.
  if (columns_ == 0 && cells_.size() == 1 && cells_[0].raw.empty()) cells_.clear();
  if (cells_.size() != columns_)
    return Error{"a row of COPY data has " + std::to_string(cells_.size()) +
                 " cells, its description " + std::to_string(columns_)};
  is_row_ = !(at_start_ && format_.header);
  return size;
}

// --- text ---

// A line feed in a value is escaped, and a delimiter too.
CopyReader::Size CopyReader::next_text(ByteView data) {
  const std::size_t size = find_byte(data, '\n');
  if (size == data.size()) return std::size_t{0};
  const ByteView row = data.first(size);
  if (find_byte(row, '\\') == size) {
    // Without an escape a cell is its value: the only word that is certainly NULL has one.
    for (std::size_t start = 0; start <= size;) {
      const ByteView rest = row.subspan(start);
      const ByteView cell = rest.first(find_byte(rest, format_.delimiter));
      cells_.push_back({cell, cell});
      start += cell.size() + 1;
    }
    return end_of_row(size + 1);
  }
  std::size_t start = 0;
  for (std::size_t at = 0; at < size; ++at) {
    if (row[at] == '\\') {
      if (++at == size) return not_of("text", "a backslash ends a row");
    } else if (row[at] == static_cast<std::uint8_t>(format_.delimiter)) {
      cells_.push_back({std::nullopt, row.subspan(start, at - start)});
      start = at + 1;
    }
  }
  cells_.push_back({std::nullopt, row.subspan(start)});
  plain_.reserve(size);
  for (CopyCell& cell : cells_) SLUICE_TRY_VOID(read_text(cell));
  return end_of_row(size + 1);
}

Result<void> CopyReader::read_text(CopyCell& cell) {
  if (format_.null_is_certain() && as_text(cell.raw) == format_.null) return {};
  if (std::find(cell.raw.begin(), cell.raw.end(), '\\') == cell.raw.end()) {
    cell.value = cell.raw;
    return {};
  }
  const std::size_t begin = plain_.size();
  for (std::size_t i = 0; i < cell.raw.size(); ++i) {
    char c = static_cast<char>(cell.raw[i]);
    if (c == '\\') {
      c = static_cast<char>(cell.raw[++i]);
      const auto escape = std::find_if(kEscapes.begin(), kEscapes.end(),
                                       [&](const Escape& one) { return one.letter == c; });
      if (escape != kEscapes.end())
        c = escape->byte;
      else if (c != '\\' && c != format_.delimiter)
        return not_of("text", "an escape that the server does not write");
    }
    plain_.push_back(static_cast<std::uint8_t>(c));
  }
  cell.value = ByteView{plain_}.subspan(begin);
  return {};
}

// --- CSV ---

CopyReader::Size CopyReader::next_csv(ByteView data) {
  const auto quote = static_cast<std::uint8_t>(format_.quote);
  const auto escape = static_cast<std::uint8_t>(format_.escape);
  const auto delimiter = static_cast<std::uint8_t>(format_.delimiter);
  std::size_t at = 0;
  for (;;) {
    const std::size_t start = at;
    if (at < data.size() && data[at] == quote) {
      for (++at;; ++at) {
        // The last byte may be half of a pair.
        if (at + 1 >= data.size()) return std::size_t{0};
        if (data[at] == escape && (data[at + 1] == quote || data[at + 1] == escape))
          ++at;
        else if (data[at] == quote)
          break;
      }
      ++at;
      if (data[at] != delimiter && data[at] != '\n')
        return not_of("CSV", "something follows a quoted value");
    } else {
      while (at < data.size() && data[at] != delimiter && data[at] != '\n')
        if (data[at++] == quote) return not_of("CSV", "a quote within a value that is not quoted");
      if (at == data.size()) return std::size_t{0};
    }
    cells_.push_back({std::nullopt, data.subspan(start, at - start)});
    if (data[at++] == '\n') break;
  }
  plain_.reserve(at);
  for (CopyCell& cell : cells_) read_csv(cell);
  return end_of_row(at);
}

void CopyReader::read_csv(CopyCell& cell) {
  const auto quote = static_cast<std::uint8_t>(format_.quote);
  if (cell.raw.empty() || cell.raw[0] != quote) {
    if (as_text(cell.raw) != format_.null) cell.value = cell.raw;
    return;
  }
  const ByteView inside = cell.raw.subspan(1, cell.raw.size() - 2);
  const std::size_t begin = plain_.size();
  for (std::size_t i = 0; i < inside.size(); ++i) {
    if (inside[i] == static_cast<std::uint8_t>(format_.escape) && i + 1 < inside.size() &&
        (inside[i + 1] == quote || inside[i + 1] == inside[i]))
      ++i;
    plain_.push_back(inside[i]);
  }
  cell.value = ByteView{plain_}.subspan(begin);
}

// --- binary ---

CopyReader::Size CopyReader::signature(ByteView data) {
  const std::size_t known = std::min(data.size(), kSignature.size());
  if (!std::equal(kSignature.begin(), kSignature.begin() + static_cast<std::ptrdiff_t>(known),
                  data.begin()))
    return not_of("binary", "it does not begin with the signature");
  if (data.size() < kBinaryHeadBytes) return std::size_t{0};
  if (load_u32(data.data() + kSignature.size()) != 0) return not_of("binary", "a flag is set");
  const std::uint32_t extension = load_u32(data.data() + kSignature.size() + 4);
  if (extension > kExtensionBytesMax) return not_of("binary", "its header is too long");
  const std::size_t size = kBinaryHeadBytes + extension;
  is_row_ = false;
  return data.size() < size ? 0 : size;
}

CopyReader::Size CopyReader::next_binary(ByteView data) {
  if (at_start_) return signature(data);
  if (ended_) return not_of("binary", "something follows its end");
  if (data.size() < 2) return std::size_t{0};
  const std::uint16_t count = load_u16(data.data());
  if (count == kEndOfBinary) {
    ended_ = true;
    is_row_ = false;
    return std::size_t{2};
  }
  if (count != columns_)
    return Error{"a row of COPY data has " + std::to_string(count) + " cells, its description " +
                 std::to_string(columns_)};
  std::size_t at = 2;
  for (std::size_t i = 0; i < columns_; ++i) {
    if (data.size() - at < 4) return std::size_t{0};
    const std::uint32_t length = load_u32(data.data() + at);
    const std::size_t bytes = length == kNullLength ? 0 : length;
    if (bytes > row_bytes_max_) return not_of("binary", "a value is too long");
    if (data.size() - at - 4 < bytes) return std::size_t{0};
    CopyCell cell{std::nullopt, data.subspan(at, 4 + bytes)};
    if (length != kNullLength) cell.value = cell.raw.subspan(4);
    cells_.push_back(cell);
    at += 4 + bytes;
  }
  return at;
}

// --- writing ---

CopyRowWriter::CopyRowWriter(Bytes& out, const CopyFormat& format, std::size_t columns)
    : out_(out), format_(format) {
  if (format_.kind != Kind::kBinary) return;
  out_.push_back(static_cast<std::uint8_t>(columns >> 8));
  out_.push_back(static_cast<std::uint8_t>(columns));
}

void CopyRowWriter::separate() {
  if (!first_ && format_.kind != Kind::kBinary)
    out_.push_back(static_cast<std::uint8_t>(format_.delimiter));
  first_ = false;
}

void CopyRowWriter::add(ByteView value) {
  separate();
  if (format_.kind == Kind::kBinary) {
    for (int shift = 24; shift >= 0; shift -= 8)
      out_.push_back(static_cast<std::uint8_t>(value.size() >> shift));
    return append(out_, value);
  }
  const bool csv = format_.kind == Kind::kCsv;
  if (csv) out_.push_back(static_cast<std::uint8_t>(format_.quote));
  for (const std::uint8_t byte : value) {
    const char c = static_cast<char>(byte);
    const auto escape = std::find_if(kEscapes.begin(), kEscapes.end(),
                                     [&](const Escape& one) { return one.byte == c; });
    if (csv) {
      if (c == format_.quote || c == format_.escape)
        out_.push_back(static_cast<std::uint8_t>(format_.escape));
      out_.push_back(byte);
    } else if (escape != kEscapes.end()) {
      out_.push_back('\\');
      out_.push_back(static_cast<std::uint8_t>(escape->letter));
    } else {
      if (c == '\\' || c == format_.delimiter) out_.push_back('\\');
      out_.push_back(byte);
    }
  }
  if (csv) out_.push_back(static_cast<std::uint8_t>(format_.quote));
}

void CopyRowWriter::add_raw(ByteView raw) {
  separate();
  append(out_, raw);
}

void CopyRowWriter::add_null() {
  separate();
  if (format_.kind == Kind::kBinary)
    out_.insert(out_.end(), 4, 0xff);
  else
    append(out_, format_.null);
}

void CopyRowWriter::finish() {
  if (format_.kind != Kind::kBinary) out_.push_back('\n');
}

}  // namespace sluice::pg
