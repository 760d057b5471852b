// SPDX-License-Identifier: Apache-2.0
#include "record/journal_recovery.h"

#include "record/decode.h"
#include "record/reader.h"
#include "record/sessions.h"

#include <errno.h>
#include <stdio.h>

#include <algorithm>

namespace sluice::record {
namespace {

// The number of events, or nullopt where they are none.
std::optional<std::uint64_t> count_events(ByteView events) {
  std::uint64_t count = 0;
  while (!events.empty()) {
    const auto decoded = decode_event(events);
    const auto* event = std::get_if<DecodedEvent>(&decoded);
    if (!event) return std::nullopt;
    events = events.subspan(event->bytes);
    count += 1;
  }
  return count;
}

// false: they are not in that session's file, and cannot be.
Result<bool> write_out(HostLog& host, const Waiting& waiting, bool trusted,
                       std::vector<std::string>& found) {
  const std::string path = session_path(host.options().directory, waiting.session);
  auto source = open_source(path);
  if (!source) {
    if (source.error().code() == ENOENT) return false;
    return source.error();
  }
  BlockReader reader{*std::move(source), session_anchor(host.host_id(), waiting.session)};
  std::optional<Unfinished> torn;
  for (;;) {
    const auto step = reader.next();
    if (std::holds_alternative<Block>(step)) continue;
    if (std::holds_alternative<Bad>(step)) return false;
    if (const auto* unfinished = std::get_if<Unfinished>(&step)) torn = *unfinished;
    break;
  }
  Position end = reader.position();
  if (waiting.block < end.frames) return true;  // it was about to be cleared
  const auto events = count_events(waiting.events);
  if (!trusted || waiting.block > end.frames || !events) return false;
  if (torn) SLUICE_TRY_VOID(cut_off(host.files(), path, torn->offset));

  Bytes frame(kHeaderBytes + waiting.events.size());
  std::copy(waiting.events.begin(), waiting.events.end(), frame.begin() + kHeaderBytes);
  const auto packer = std::make_unique<Packer>();
  Hasher hasher;
  const std::uint64_t size_before = end.bytes;
  const Bytes& block = seal_block(frame, packer->scratch, &packer->compressor, hasher, end);
  SLUICE_TRY(const auto file, host.files().open(path, Files::Mode::kAppend));
  std::uint64_t torn_bytes = 0;
  if (auto written = append_whole(*file, block, size_before, torn_bytes); !written)
    return written.error().within("write the recording of " + waiting.session);
  found.push_back("session " + waiting.session + ": " + std::to_string(*events) +
                  " events that waited in the journal are its block " +
                  std::to_string(waiting.block));
  return true;
}

}  // namespace

Result<void> write_out_left_journals(HostLog& host,
                                     const std::map<SessionId, ChainReader::Fate>& sessions,
                                     std::vector<std::string>& found) {
  SLUICE_TRY(const auto journals, left_journals(host.options().directory));
  for (const LeftJournal& journal : journals) {
    bool all = true;
    for (const Waiting& waiting : journal.waiting) {
      const auto session = sessions.find(waiting.session);
      const bool open = session != sessions.end() && session->second.end.index() == 0;
      // Pages from before the host went down may be older than the session's end.
      if (!open && !journal.of_this_boot) continue;
      if (open) {
        SLUICE_TRY(const bool done, write_out(host, waiting, journal.of_this_boot, found));
        if (done) continue;
      }
      all = false;
      found.push_back("session " + waiting.session + ": " + std::to_string(waiting.events.size()) +
                      " bytes of events in '" + journal.path + "' are not in its file: " +
                      (!journal.of_this_boot ? "the host went down with the daemon"
                       : open                ? "they do not fit after its last block"
                                             : "host.chain does not have it open"));
    }
    if (all) {
      host.files().remove(journal.path);
      continue;
    }
    const std::string kept =
        journal.path + ".kept-" + std::to_string(host.clock().wall().time_since_epoch().count());
    if (::rename(journal.path.c_str(), kept.c_str()) != 0)
      return Error::sys(errno, "keep '" + journal.path + "'");
    found.push_back("'" + journal.path + "' is kept as '" + kept + "'");
  }
  return {};
}

}  // namespace sluice::record
