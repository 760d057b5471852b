// SPDX-License-Identifier: Apache-2.0
// A hostile recording: the reader must end, within bounds, and what it accepts must be canonical.
// The first byte chooses: the input is a session's file, or the payload of one good block, so that
// the event decoder is reached without breaking SHA-256.
#include "record/block.h"
#include "record/chain.h"
#include "record/encode.h"
#include "record/reader.h"

#include <cstdlib>

namespace {

using namespace sluice;
using namespace sluice::record;

constexpr const char* kHost = "host-fuzz";
const SessionId kSession = "ses-0000000000000001";

void read(ByteView file) {
  SessionReader reader{memory_source(file), kSession, kHost};
  for (;;) {
    auto step = reader.next();
    const auto* event = std::get_if<RecordedEvent>(&step);
    if (!event) return;
    Bytes again;
    if (!encode_event(event->at, event->event, again)) std::abort();
    const auto decoded = decode_event(again);
    if (!std::holds_alternative<DecodedEvent>(decoded)) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView rest{data + 1, size - 1};
  if (data[0] == 'f') {
    read(rest);
    FrameReader frames{memory_source(rest), kEntryMagic, kEntryBytesMax, chain_anchor(kHost)};
    while (std::holds_alternative<Frame>(frames.next())) {
    }
    return 0;
  }
  Hasher hasher;
  Position position;
  position.head = session_anchor(kHost, kSession);
  Bytes frame(kHeaderBytes);
  append(frame, rest);
  // 'z': the payload is a zstd frame of hostile make, and the header agrees with what it claims.
  if (data[0] == 'z') {
    write_header(kBlockMagic,
                 {.kind = kZstdBlock,
                  .sequence = 0,
                  .payload_bytes = static_cast<std::uint32_t>(rest.size()),
                  .plain_bytes = size > 9 ? static_cast<std::uint32_t>(data[5]) : 0U},
                 frame.data());
    const Hash hash = hasher.of({position.head, frame});
    append(frame, hash);
    read(frame);
    return 0;
  }
  Compressor compressor;
  Bytes scratch;
  read(seal_block(frame, scratch, &compressor, hasher, position));
  return 0;
}
