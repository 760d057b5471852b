// SPDX-License-Identifier: Apache-2.0
// What is on disk. All numbers are little-endian.
//
//   recordings/ses-*.slr    one session: blocks
//   recordings/host.chain   the host: entries (record/chain.h)
//   recordings/index        one row per finished session (record/index.h); derived, for listings
//   recordings/checkpoint   text of the newest checkpoint (record/checkpoint.h)
//
// A block and an entry are framed alike:
//
//   frame   := header payload hash
//   header  := magic:4 version:1 kind:1 zero:2 sequence:8 payload_bytes:4 plain_bytes:4 crc:4
//   hash    := SHA-256(previous hash || header || payload), 32 bytes
//
// `crc` is CRC-32C over the header before it. It proves nothing; it tells a frame whose writing was
// cut short (header whole and right, payload short) from one whose length was changed. The previous
// hash of the first frame is an anchor that no file contains:
//
//   session   SHA-256("sluice session 1" 0x00 host id 0x00 session id)
//   chain     SHA-256("sluice host chain 1" 0x00 host id)
//
// so a file under another session's name, or from another host, fails at its first frame.
//
// The payload of a block (kind 0 as it is, kind 1 one zstd frame of `plain_bytes` bytes) is events:
//
//   event   := tag:1 body_bytes:4 time:8 fields     time: ns since the epoch, signed
//   field   := varint (LEB128, shortest form) | text (varint length, bytes) | list (varint count,
//              elements) | optional (0x00 | 0x01 value) | 8 bytes for signed numbers
//
// in the order of the structs of include/sluice/event.h. There is one encoding for an event, and
// the decoder accepts no other. Changing a struct there means a new version here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice::record {

inline constexpr std::size_t kHeaderBytes = 28;
inline constexpr std::size_t kHashBytes = 32;
inline constexpr std::uint8_t kVersion = 1;
inline constexpr std::string_view kBlockMagic = "SLRB";
inline constexpr std::string_view kEntryMagic = "SLRC";
inline constexpr std::uint8_t kRawBlock = 0;
inline constexpr std::uint8_t kZstdBlock = 1;

// An event over this is refused, and so the flow ends: a reader must be able to hold one.
inline constexpr std::size_t kEventBytesMax = 20U << 20;
// A block is written early when it reaches this, so that a long result costs no memory.
inline constexpr std::size_t kBlockBytesSoftMax = 256U << 10;
inline constexpr std::size_t kPlainBytesMax = kEventBytesMax + kBlockBytesSoftMax;
// zstd adds a little to what it cannot shrink; such a block is written raw instead.
inline constexpr std::size_t kPayloadBytesMax = kPlainBytesMax;
// Smaller ones gain less from zstd than it costs on the way of a statement.
inline constexpr std::size_t kCompressFrom = 512;
inline constexpr std::size_t kEntryBytesMax = 64U << 10;
// Elements of one list in an event (parameters, objects, columns, runs of a lineage).
inline constexpr std::uint64_t kListMax = 1U << 17;

inline constexpr std::string_view kSessionSuffix = ".slr";
inline constexpr std::string_view kChainFile = "host.chain";
inline constexpr std::string_view kIndexFile = "index";
inline constexpr std::string_view kCheckpointFile = "checkpoint";

}  // namespace sluice::record
