// SPDX-License-Identifier: Apache-2.0
#include "record/index.h"

#include "record/wire.h"

#include <errno.h>

namespace sluice::record {
namespace {

constexpr std::size_t kRowBytesMax = 64U << 10;

std::uint64_t ns(WallTime at) { return static_cast<std::uint64_t>(at.time_since_epoch().count()); }
WallTime time(Cursor& in) {
  return WallTime{std::chrono::nanoseconds{static_cast<std::int64_t>(in.fixed64())}};
}

}  // namespace

Bytes encode_row(const SessionSummary& summary) {
  const auto& [session, agent, run, resource, protocol, opened, closed, close_reason, statements,
               denied, held, events, bytes_to_agent] = summary;
  Bytes row(4);
  Writer out{row};
  out.text(session);
  out.text(agent);
  out.text(run);
  out.text(resource);
  out.text(protocol);
  out.fixed64(ns(opened));
  out.flag(closed.has_value());
  if (closed) out.fixed64(ns(*closed));
  out.text(close_reason);
  for (std::uint64_t count : {statements, denied, held, events, bytes_to_agent}) out.varint(count);
  put_u32(row.data(), static_cast<std::uint32_t>(row.size() - 4));
  return row;
}

IndexReader::Step IndexReader::next() {
  buffer_.resize(4);
  auto got = source_->read_at(offset_, buffer_);
  if (!got) return Bad{offset_, number_, got.error().text()};
  if (*got == 0) return End{};
  if (*got < 4) return Unfinished{offset_, *got};
  const std::uint32_t row_bytes = get_u32(buffer_.data());
  if (row_bytes > kRowBytesMax) return Bad{offset_, number_, "a row is longer than rows can be"};
  buffer_.resize(row_bytes);
  got = source_->read_at(offset_ + 4, buffer_);
  if (!got) return Bad{offset_, number_, got.error().text()};
  if (*got < row_bytes) return Unfinished{offset_, 4 + *got};

  Cursor in{buffer_};
  IndexRow row{.number = number_, .offset = offset_, .summary = {}};
  SessionSummary& summary = row.summary;
  summary.session = in.text();
  summary.agent = in.text();
  summary.run = in.text();
  summary.resource = in.text();
  summary.protocol = in.text();
  summary.opened = time(in);
  if (in.flag()) summary.closed = time(in);
  summary.close_reason = in.text();
  for (std::uint64_t* count : {&summary.statements, &summary.denied, &summary.held, &summary.events,
                               &summary.bytes_to_agent})
    *count = in.varint();
  if (!in.done()) return Bad{offset_, number_, "a row is malformed"};
  offset_ += 4 + row_bytes;
  number_ += 1;
  return row;
}

Result<Index> read_index(const std::string& directory) {
  Index index;
  auto source = open_source(directory + "/" + std::string{kIndexFile});
  if (!source && source.error().code() == ENOENT) return index;
  if (!source) return source.error();
  IndexReader reader{*std::move(source)};
  for (;;) {
    auto step = reader.next();
    if (auto* row = std::get_if<IndexRow>(&step)) {
      index.rows.push_back(std::move(*row));
      continue;
    }
    if (auto* unfinished = std::get_if<Unfinished>(&step)) index.end = *unfinished;
    if (auto* bad = std::get_if<Bad>(&step)) index.end = *bad;
    return index;
  }
}

}  // namespace sluice::record
