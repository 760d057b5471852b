// SPDX-License-Identifier: Apache-2.0
#include "record/verify_session.h"

#include "record/reader.h"
#include "record/sessions.h"

#include <errno.h>

#include <algorithm>

namespace sluice::record {
namespace {

// Whose recording the file begins with, by the hash of its first block.
std::optional<SessionId> true_owner(const std::string& path, const ChainCheck& chain) {
  auto source = open_source(path);
  if (!source) return std::nullopt;
  Bytes header(kHeaderBytes);
  if (auto got = (*source)->read_at(0, header); !got || *got != header.size()) return std::nullopt;
  const auto parsed = read_header(kBlockMagic, header, kPayloadBytesMax);
  const auto* first = std::get_if<FrameHeader>(&parsed);
  Hash hash{};
  if (!first) return std::nullopt;
  if (auto got = (*source)->read_at(kHeaderBytes + first->payload_bytes, hash);
      !got || *got != hash.size())
    return std::nullopt;
  for (const auto& [id, fate] : chain.sessions)
    if (fate.opened.first == hash) return id;
  return std::nullopt;
}

class Check {
 public:
  Check(const std::string& directory, const SessionId& id, const std::string& host_id,
        const ChainCheck& chain)
      : directory_(directory), id_(id), host_id_(host_id), chain_(chain) {
    const auto found = chain.sessions.find(id);
    if (found != chain.sessions.end()) fate_ = &found->second;
    if (!fate_) return;
    using State = SessionCheck::State;
    out_.state = State::kLive;
    if (const auto* sealed = std::get_if<ChainSealed>(&fate_->end)) {
      out_.state = State::kSealed;
      expected_ = &sealed->end;
    } else if ((abandoned_ = std::get_if<ChainAbandoned>(&fate_->end))) {
      out_.state = State::kAbandoned;
      expected_ = &abandoned_->end;
    }
  }

  SessionCheck run() {
    auto reader = fate_ && !expected_ ? SessionReader::open_live(directory_, id_, host_id_)
                                      : SessionReader::open(directory_, id_, host_id_);
    if (!reader) {
      finding(0, std::nullopt,
              reader.error().code() == ENOENT
                  ? "the session's file is missing: host.chain, entry " +
                        std::to_string(fate_ ? fate_->entry : 0) + ", opened it"
                  : reader.error().text());
      return std::move(out_);
    }
    walk(*reader);
    if (!out_.finding) conclude(*reader);
    if (abandoned_ && out_.note.empty())
      out_.note = "session " + id_ + " was abandoned: " + abandoned_->remark;
    return std::move(out_);
  }

 private:
  void finding(std::uint64_t offset, std::optional<std::uint64_t> block, std::string what) {
    if (!out_.finding)
      out_.finding = Finding{id_ + std::string{kSessionSuffix}, offset, block, std::move(what)};
  }

  void walk(SessionReader& reader) {
    for (;;) {
      const Position before = reader.position();
      auto step = reader.next();
      const Position& after = reader.position();
      if (after.frames != before.frames) check_block(before, after);
      if (const auto* event = std::get_if<RecordedEvent>(&step)) {
        out_.summary.add(event->at, event->event);
        continue;
      }
      out_.blocks = after.frames;
      end_ = std::move(step);
      return;
    }
  }

  void check_block(const Position& before, const Position& after) {
    if (before.frames == 0 && fate_ && fate_->opened.first != after.head)
      finding(0, 0, "it is not the block that host.chain saw: the recording was written anew");
    if (!expected_) return;
    if (after.frames == expected_->frames && after.head != expected_->head)
      finding(before.bytes, before.frames,
              "it is not the block that host.chain saw last: the recording was written anew");
    if (after.frames == expected_->frames + 1)
      finding(before.bytes, before.frames,
              "it stands after the end of the session that host.chain saw");
  }

  void conclude(const SessionReader& reader) {
    const Position& at = reader.position();
    if (const auto* bad = std::get_if<Bad>(&end_)) return report_bad(*bad);
    if (!fate_) return report_unknown(at);
    const auto* torn = std::get_if<Unfinished>(&end_);
    if (!expected_) return report_live(reader, torn);
    const std::uint64_t tail_bytes = torn ? torn->bytes : 0;
    const std::uint64_t tail_expected = abandoned_ ? abandoned_->tail_bytes : 0;
    if (at.frames < expected_->frames)
      finding(at.bytes, at.frames,
              "the file ends here, and the session had " + std::to_string(expected_->frames) +
                  " blocks: its tail was removed");
    else if (at != *expected_)
      finding(at.bytes, at.frames, "the file is not as host.chain saw it last");
    else if (tail_bytes != tail_expected)
      finding(at.bytes, at.frames,
              std::to_string(tail_bytes) + " bytes stand after the last block, and " +
                  std::to_string(tail_expected) + " did when the session ended");
  }

  void report_bad(const Bad& bad) {
    std::string what = bad.what;
    if (bad.offset == 0) {
      const auto owner = true_owner(session_path(directory_, id_), chain_);
      if (owner && *owner != id_) what = "the file is the recording of session " + *owner;
    }
    finding(bad.offset, bad.sequence, std::move(what));
  }

  void report_unknown(const Position& at) {
    if (at.frames == 0) {
      out_.note = "session " + id_ + " has an empty file: it was about to begin";
      return;
    }
    if (!chain_.whole) return;  // the finding is the chain's
    out_.doubtful = true;
    finding(0, 0,
            "host.chain does not know the session: the file was put here, or the end of the chain "
            "was removed");
  }

  void report_live(const SessionReader& reader, const Unfinished* torn) {
    out_.note =
        "session " + id_ + " is not sealed yet: " + std::to_string(reader.position().frames) +
        " blocks so far" +
        (torn ? ", and " + std::to_string(torn->bytes) +
                    " bytes of an unfinished block at offset " + std::to_string(torn->offset)
              : "");
    if (!reader.closed() || !chain_.whole) return;
    out_.doubtful = true;
    finding(reader.position().bytes, reader.position().frames,
            "the session ended in order and host.chain has no seal for it: the end of the chain "
            "was removed, or the daemon was killed at that moment (its next start will say so)");
  }

  const std::string& directory_;
  const SessionId& id_;
  const std::string& host_id_;
  const ChainCheck& chain_;
  const ChainReader::Fate* fate_ = nullptr;
  const ChainAbandoned* abandoned_ = nullptr;
  const Position* expected_ = nullptr;
  SessionReader::Step end_;
  SessionCheck out_;
};

}  // namespace

SessionCheck check_session(const std::string& directory, const SessionId& id,
                           const std::string& host_id, const ChainCheck& chain) {
  return Check{directory, id, host_id, chain}.run();
}

}  // namespace sluice::record
