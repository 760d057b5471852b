// SPDX-License-Identifier: Apache-2.0
#include "record/block.h"

#include "base/check.h"

#include <zstd.h>

#include <algorithm>

namespace sluice::record {
namespace {

constexpr std::uint8_t kZero[1] = {0};

}  // namespace

Hash session_anchor(std::string_view host_id, std::string_view session) {
  return Hasher{}.of(
      {as_bytes("sluice session 1"), kZero, as_bytes(host_id), kZero, as_bytes(session)});
}

Compressor::Compressor() : context_(ZSTD_createCCtx()) { SLUICE_CHECK(context_ != nullptr); }
Compressor::~Compressor() { ZSTD_freeCCtx(context_); }

bool Compressor::shrink(ByteView plain, Bytes& out) {
  const std::size_t start = out.size();
  out.resize(start + ZSTD_compressBound(plain.size()));
  const std::size_t size = ZSTD_compressCCtx(context_, out.data() + start, out.size() - start,
                                             plain.data(), plain.size(), 1);
  if (ZSTD_isError(size) || size >= plain.size()) {
    out.resize(start);
    return false;
  }
  out.resize(start + size);
  return true;
}

Bytes& seal_block(Bytes& frame, Bytes& scratch, Compressor* compressor, Hasher& hasher,
                  Position& position) {
  const std::size_t plain_bytes = frame.size() - kHeaderBytes;
  Bytes* out = &frame;
  FrameHeader header{.kind = kRawBlock,
                     .sequence = position.frames,
                     .payload_bytes = static_cast<std::uint32_t>(plain_bytes),
                     .plain_bytes = static_cast<std::uint32_t>(plain_bytes)};
  if (compressor && plain_bytes >= kCompressFrom) {
    scratch.resize(kHeaderBytes);
    if (compressor->shrink(ByteView{frame}.subspan(kHeaderBytes), scratch)) {
      out = &scratch;
      header.kind = kZstdBlock;
      header.payload_bytes = static_cast<std::uint32_t>(scratch.size() - kHeaderBytes);
    }
  }
  write_header(kBlockMagic, header, out->data());
  position.head = hasher.of({position.head, *out});
  append(*out, position.head);
  position.frames += 1;
  position.bytes += out->size();
  return *out;
}

FrameReader::FrameReader(std::unique_ptr<ByteSource> source, std::string_view magic,
                         std::size_t payload_bytes_max, const Hash& anchor)
    : source_(std::move(source)), magic_(magic), payload_bytes_max_(payload_bytes_max) {
  position_.head = anchor;
}

FrameReader::Step FrameReader::next() {
  const auto bad = [this](std::string what) {
    return Bad{position_.bytes, position_.frames, std::move(what)};
  };
  const auto unfinished = [this](std::size_t bytes) { return Unfinished{position_.bytes, bytes}; };

  buffer_.resize(kHeaderBytes);
  auto got = source_->read_at(position_.bytes, buffer_);
  if (!got) return bad(got.error().text());
  if (*got == 0) return End{};
  if (*got < kHeaderBytes) {
    if (!begins_header(magic_, position_.frames, ByteView{buffer_}.first(*got)))
      return bad("the bytes at the end of the file are not the beginning of what belongs there");
    return unfinished(*got);
  }
  auto parsed = read_header(magic_, buffer_, payload_bytes_max_);
  if (auto* wrong = std::get_if<BadHeader>(&parsed)) return bad(std::move(wrong->what));
  const FrameHeader header = std::get<FrameHeader>(parsed);
  if (header.sequence != position_.frames)
    return bad("number " + std::to_string(header.sequence) + " stands where number " +
               std::to_string(position_.frames) +
               " belongs: something was removed, repeated or moved");

  const std::size_t rest_bytes = header.payload_bytes + kHashBytes;
  buffer_.resize(kHeaderBytes + rest_bytes);
  got = source_->read_at(position_.bytes + kHeaderBytes, std::span{buffer_}.subspan(kHeaderBytes));
  if (!got) return bad(got.error().text());
  if (*got < rest_bytes) return unfinished(kHeaderBytes + *got);

  const ByteView whole{buffer_};
  const ByteView hashed = whole.first(kHeaderBytes + header.payload_bytes);
  const Hash hash = hasher_.of({position_.head, hashed});
  if (!std::equal(hash.begin(), hash.end(), whole.last(kHashBytes).begin()))
    return bad(position_.frames == 0
                   ? "its hash is wrong: it was changed, or it belongs to another file or host"
                   : "its hash is wrong: it was changed, or what stood before it was");
  const Frame frame{header, position_.bytes, hashed.subspan(kHeaderBytes)};
  position_ = {position_.frames + 1, position_.bytes + whole.size(), hash};
  return frame;
}

void BlockReader::FreeContext::operator()(ZSTD_DCtx_s* context) const noexcept {
  ZSTD_freeDCtx(context);
}

BlockReader::BlockReader(std::unique_ptr<ByteSource> source, const Hash& anchor)
    : frames_(std::move(source), kBlockMagic, kPayloadBytesMax, anchor),
      context_(ZSTD_createDCtx()) {
  SLUICE_CHECK(context_ != nullptr);
}

BlockReader::Step BlockReader::next() {
  auto step = frames_.next();
  if (auto* end = std::get_if<End>(&step)) return *end;
  if (auto* unfinished = std::get_if<Unfinished>(&step)) return *unfinished;
  if (auto* wrong = std::get_if<Bad>(&step)) return std::move(*wrong);
  const Frame& frame = std::get<Frame>(step);
  const FrameHeader& header = frame.header;
  const auto bad = [&](std::string what) {
    return Bad{frame.offset, header.sequence, std::move(what)};
  };
  if (header.plain_bytes > kPlainBytesMax)
    return bad("it claims " + std::to_string(header.plain_bytes) + " bytes of events");
  if (header.kind == kRawBlock) {
    if (header.plain_bytes != header.payload_bytes) return bad("its lengths disagree");
    return Block{header.sequence, frame.offset, frame.payload};
  }
  if (header.kind != kZstdBlock) return bad("it is packed in a way that is not known here");
  // The frame must say the same size first, so that a small file cannot make us reserve much.
  const auto content = ZSTD_getFrameContentSize(frame.payload.data(), frame.payload.size());
  if (content != header.plain_bytes) return bad("its zstd frame is of another size than it says");
  plain_.resize(header.plain_bytes);
  const std::size_t size = ZSTD_decompressDCtx(context_.get(), plain_.data(), plain_.size(),
                                               frame.payload.data(), frame.payload.size());
  if (ZSTD_isError(size) || size != plain_.size()) return bad("its zstd frame is broken");
  return Block{header.sequence, frame.offset, plain_};
}

}  // namespace sluice::record
