// SPDX-License-Identifier: Apache-2.0
// Blocks of a session's file: written, and read back with their chain checked.
#pragma once

#include "record/file.h"
#include "record/format.h"
#include "record/frame.h"
#include "record/hash.h"

#include <sluice/bytes.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

struct ZSTD_CCtx_s;
struct ZSTD_DCtx_s;

namespace sluice::record {

Hash session_anchor(std::string_view host_id, std::string_view session);

// Where a chain has come to.
struct Position {
  std::uint64_t frames = 0;  // blocks or entries so far
  std::uint64_t bytes = 0;   // size of the file up to here
  Hash head{};               // hash of the last one; the anchor before the first
  bool operator==(const Position&) const = default;
};

class Compressor {
 public:
  Compressor();
  ~Compressor();
  // Appends one zstd frame to `out`; false where it came out no smaller.
  bool shrink(ByteView plain, Bytes& out);

 private:
  ZSTD_CCtx_s* context_;
};

// Makes the next block out of `frame`, which holds kHeaderBytes of room and then the plain payload.
// It fills in the header and appends the hash; where compression pays, `scratch` gets the block
// instead. Returns which of the two holds it. `compressor` may be null.
Bytes& seal_block(Bytes& frame, Bytes& scratch, Compressor* compressor, Hasher& hasher,
                  Position& position);

// The file ends where a frame ends.
struct End {};
// The file ends inside a frame whose beginning is right: a write that was cut short, or that is
// still going on.
struct Unfinished {
  std::uint64_t offset = 0;  // of the frame
  std::uint64_t bytes = 0;   // of it that are there
};
struct Bad {
  std::uint64_t offset = 0;    // of the frame
  std::uint64_t sequence = 0;  // the number it should have
  std::string what;
};

struct Frame {
  FrameHeader header;
  std::uint64_t offset = 0;
  ByteView payload;  // valid until the next next()
};

// Walks frames of either kind and checks their chain.
class FrameReader {
 public:
  using Step = std::variant<Frame, End, Unfinished, Bad>;
  FrameReader(std::unique_ptr<ByteSource> source, std::string_view magic,
              std::size_t payload_bytes_max, const Hash& anchor);
  Step next();
  // After the last good frame.
  const Position& position() const { return position_; }

 private:
  std::unique_ptr<ByteSource> source_;
  std::string magic_;
  std::size_t payload_bytes_max_;
  Position position_;
  Hasher hasher_;
  Bytes buffer_;
};

struct Block {
  std::uint64_t sequence = 0;
  std::uint64_t offset = 0;
  ByteView plain;  // valid until the next next()
};

class BlockReader {
 public:
  using Step = std::variant<Block, End, Unfinished, Bad>;
  BlockReader(std::unique_ptr<ByteSource> source, const Hash& anchor);
  Step next();
  const Position& position() const { return frames_.position(); }

 private:
  struct FreeContext {
    void operator()(ZSTD_DCtx_s* context) const noexcept;
  };
  FrameReader frames_;
  std::unique_ptr<ZSTD_DCtx_s, FreeContext> context_;
  Bytes plain_;
};

}  // namespace sluice::record
