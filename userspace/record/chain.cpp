// SPDX-License-Identifier: Apache-2.0
#include "record/chain.h"

#include "record/wire.h"

#include <algorithm>

namespace sluice::record {
namespace {

enum class Kind : std::uint8_t { kBegun = 1, kOpened, kSealed, kAbandoned, kCheckpoint, kRemark };

struct EntryWriter {
  Writer out;

  void time(WallTime at) { out.fixed64(static_cast<std::uint64_t>(at.time_since_epoch().count())); }
  void position(const Position& end) {
    out.varint(end.frames);
    out.varint(end.bytes);
    out.raw(end.head);
  }
  Kind operator()(const ChainBegun& entry) {
    time(entry.at);
    out.raw(entry.public_key);
    return Kind::kBegun;
  }
  Kind operator()(const ChainOpened& entry) {
    time(entry.at);
    out.text(entry.session);
    out.raw(entry.first);
    return Kind::kOpened;
  }
  Kind operator()(const ChainSealed& entry) {
    time(entry.at);
    out.text(entry.session);
    position(entry.end);
    return Kind::kSealed;
  }
  Kind operator()(const ChainAbandoned& entry) {
    time(entry.at);
    out.text(entry.session);
    position(entry.end);
    out.varint(entry.tail_bytes);
    out.text(entry.remark);
    return Kind::kAbandoned;
  }
  Kind operator()(const Checkpoint& entry) {
    time(entry.at);
    out.text(entry.host_id);
    out.varint(entry.entries);
    out.raw(entry.head);
    out.raw(entry.signature);
    return Kind::kCheckpoint;
  }
  Kind operator()(const ChainRemark& entry) {
    time(entry.at);
    out.text(entry.text);
    return Kind::kRemark;
  }
};

struct EntryCursor {
  Cursor in;

  WallTime time() {
    return WallTime{std::chrono::nanoseconds{static_cast<std::int64_t>(in.fixed64())}};
  }
  template <std::size_t N>
  void fill(std::array<std::uint8_t, N>& out) {
    const ByteView bytes = in.raw(N);
    std::copy(bytes.begin(), bytes.end(), out.begin());
  }
  void fill(Position& end) {
    end.frames = in.varint();
    end.bytes = in.varint();
    fill(end.head);
  }
  ChainBegun begun() {
    ChainBegun entry{.at = time()};
    fill(entry.public_key);
    return entry;
  }
  ChainOpened opened() {
    ChainOpened entry;
    entry.at = time();
    entry.session = in.text();
    fill(entry.first);
    return entry;
  }
  ChainSealed sealed() {
    ChainSealed entry;
    entry.at = time();
    entry.session = in.text();
    fill(entry.end);
    return entry;
  }
  ChainAbandoned abandoned() {
    ChainAbandoned entry;
    entry.at = time();
    entry.session = in.text();
    fill(entry.end);
    entry.tail_bytes = in.varint();
    entry.remark = in.text();
    return entry;
  }
  Checkpoint checkpoint() {
    Checkpoint entry;
    entry.at = time();
    entry.host_id = in.text();
    entry.entries = in.varint();
    fill(entry.head);
    fill(entry.signature);
    return entry;
  }
  ChainRemark remark() {
    ChainRemark entry;
    entry.at = time();
    entry.text = in.text();
    return entry;
  }
};

std::optional<ChainEntry> decode_entry(std::uint8_t kind, ByteView payload) {
  EntryCursor cursor{Cursor{payload}};
  ChainEntry entry;
  switch (static_cast<Kind>(kind)) {
    case Kind::kBegun: entry = cursor.begun(); break;
    case Kind::kOpened: entry = cursor.opened(); break;
    case Kind::kSealed: entry = cursor.sealed(); break;
    case Kind::kAbandoned: entry = cursor.abandoned(); break;
    case Kind::kCheckpoint: entry = cursor.checkpoint(); break;
    case Kind::kRemark: entry = cursor.remark(); break;
    default: return std::nullopt;
  }
  if (!cursor.in.done()) return std::nullopt;
  return entry;
}

}  // namespace

Hash chain_anchor(std::string_view host_id) {
  constexpr std::uint8_t kZero[1] = {0};
  return Hasher{}.of({as_bytes("sluice host chain 1"), kZero, as_bytes(host_id)});
}

Bytes encode_entry(const ChainEntry& entry, Hasher& hasher, Position& position) {
  Bytes frame(kHeaderBytes);
  const Kind kind = std::visit(EntryWriter{Writer{frame}}, entry);
  const auto payload_bytes = static_cast<std::uint32_t>(frame.size() - kHeaderBytes);
  write_header(kEntryMagic,
               {.kind = static_cast<std::uint8_t>(kind),
                .sequence = position.frames,
                .payload_bytes = payload_bytes,
                .plain_bytes = payload_bytes},
               frame.data());
  position.head = hasher.of({position.head, frame});
  append(frame, position.head);
  position.frames += 1;
  position.bytes += frame.size();
  return frame;
}

ChainReader::ChainReader(std::unique_ptr<ByteSource> source, const PublicKey& key)
    : frames_(std::move(source), kEntryMagic, kEntryBytesMax, chain_anchor(key.host_id())),
      key_(key) {}

ChainReader::Step ChainReader::next() {
  const Hash head_before = frames_.position().head;
  const std::uint64_t number = frames_.position().frames;
  auto step = frames_.next();
  if (auto* end = std::get_if<End>(&step)) return *end;
  if (auto* unfinished = std::get_if<Unfinished>(&step)) return *unfinished;
  if (auto* wrong = std::get_if<Bad>(&step)) return std::move(*wrong);
  const Frame& frame = std::get<Frame>(step);
  auto entry = decode_entry(frame.header.kind, frame.payload);
  if (!entry || frame.header.plain_bytes != frame.header.payload_bytes)
    return Bad{frame.offset, number, "it is malformed"};
  if (auto wrong = apply(*entry, number, head_before))
    return Bad{frame.offset, number, std::move(*wrong)};
  return NumberedEntry{number, frame.offset, std::move(*entry)};
}

std::optional<std::string> ChainReader::apply(const ChainEntry& entry, std::uint64_t number,
                                              const Hash& head_before) {
  if ((number == 0) != std::holds_alternative<ChainBegun>(entry))
    return "the first entry, and only the first, names the key";
  if (const auto* begun = std::get_if<ChainBegun>(&entry)) {
    if (begun->public_key != key_.raw()) return "the chain was begun with another key";
  } else if (const auto* opened = std::get_if<ChainOpened>(&entry)) {
    if (!sessions_.try_emplace(opened->session, Fate{number, *opened, {}}).second)
      return "session " + opened->session + " is opened a second time";
  } else if (const auto* checkpoint = std::get_if<Checkpoint>(&entry)) {
    if (checkpoint->entries != number || checkpoint->head != head_before)
      return "a checkpoint does not fit the chain before it";
    if (!checkpoint->signed_by(key_)) return "a checkpoint's signature is wrong";
    newest_checkpoint_ = *checkpoint;
  } else if (!std::holds_alternative<ChainRemark>(entry)) {
    const auto* sealed = std::get_if<ChainSealed>(&entry);
    const auto* abandoned = std::get_if<ChainAbandoned>(&entry);
    const SessionId& session = sealed ? sealed->session : abandoned->session;
    const auto found = sessions_.find(session);
    if (found == sessions_.end()) return "session " + session + " ends and was never opened";
    auto& end = found->second.end;
    if (end.index() != 0) return "session " + session + " ends a second time";
    if (sealed)
      end = *sealed;
    else
      end = *abandoned;
  }
  return std::nullopt;
}

}  // namespace sluice::record
