// SPDX-License-Identifier: Apache-2.0
// host.chain: what sessions there are, where each ended, and signed checkpoints over all of it.
// Framed as record/format.h says; the kind of a frame is the kind of its entry.
#pragma once

#include "record/block.h"
#include "record/checkpoint.h"

#include <sluice/clock.h>
#include <sluice/identity.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>

namespace sluice::record {

// First entry of every chain.
struct ChainBegun {
  WallTime at{};
  std::array<std::uint8_t, 32> public_key{};
};
// Written before the session's first block.
struct ChainOpened {
  WallTime at{};
  SessionId session;
  Hash first{};  // hash of block 0
};
struct ChainSealed {
  WallTime at{};
  SessionId session;
  Position end;
};
// The session was cut off: its daemon died, or could not write.
struct ChainAbandoned {
  WallTime at{};
  SessionId session;
  Position end;
  std::uint64_t tail_bytes = 0;  // after `end`: of a block that was never whole
  std::string remark;
};
struct ChainRemark {
  WallTime at{};
  std::string text;
};

using ChainEntry =
    std::variant<ChainBegun, ChainOpened, ChainSealed, ChainAbandoned, Checkpoint, ChainRemark>;

Hash chain_anchor(std::string_view host_id);
// The whole frame, as the entry after `position`, which moves on.
Bytes encode_entry(const ChainEntry& entry, Hasher& hasher, Position& position);

struct NumberedEntry {
  std::uint64_t number = 0;
  std::uint64_t offset = 0;
  ChainEntry entry;
};

// Walks the chain and checks hashes, signatures and that the entries make sense together.
class ChainReader {
 public:
  using Step = std::variant<NumberedEntry, End, Unfinished, Bad>;
  ChainReader(std::unique_ptr<ByteSource> source, const PublicKey& key);
  Step next();
  const Position& position() const { return frames_.position(); }

  struct Fate {
    std::uint64_t entry = 0;  // number of the one that opened it
    ChainOpened opened;
    std::variant<std::monostate, ChainSealed, ChainAbandoned> end;  // monostate: live
  };
  const std::map<SessionId, Fate>& sessions() const { return sessions_; }
  const std::optional<Checkpoint>& newest_checkpoint() const { return newest_checkpoint_; }

 private:
  std::optional<std::string> apply(const ChainEntry& entry, std::uint64_t number,
                                   const Hash& head_before);

  FrameReader frames_;
  PublicKey key_;
  std::map<SessionId, Fate> sessions_;
  std::optional<Checkpoint> newest_checkpoint_;
};

}  // namespace sluice::record
