// SPDX-License-Identifier: Apache-2.0
// Writes one session's file. append() encodes into the next block; commit() puts what is new of it
// into the journal, or hands the block to the kernel with one write(2). After the first failure
// every call fails: the flow must stop.
#pragma once

#include "record/block.h"
#include "record/host_log.h"
#include "record/journal.h"
#include "record/summary.h"
#include "record/waiting_writers.h"

#include <sluice/ports.h>

#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace sluice::record {

class FileSessionWriter final : public SessionWriter, private WaitingWriter {
 public:
  static Result<std::unique_ptr<SessionWriter>> open(std::shared_ptr<HostLog> host, WallTime at,
                                                     const SessionOpened& opened);
  // Without close(): the session goes into the chain as abandoned.
  ~FileSessionWriter() override;
  FileSessionWriter(const FileSessionWriter&) = delete;
  FileSessionWriter& operator=(const FileSessionWriter&) = delete;

  Result<void> append(WallTime at, const Event& event) override;
  Result<void> commit() override;
  Result<void> close() override;

 private:
  FileSessionWriter(std::shared_ptr<HostLog> host, const SessionId& session,
                    std::unique_ptr<AppendFile> file);

  std::unique_lock<std::mutex> try_lock() override;
  void write_out(SteadyTime before) override;

  // With mutex_ held, all of them.
  bool wait_in_journal();
  void leave_journal();
  Result<void> flush();
  Result<void> write_block(ByteView block, const Position& after);
  Result<void> usable() const;
  Result<void> poison(const Error& error);
  void abandon();
  void clear_frame();
  ByteView events() const { return ByteView{frame_}.subspan(kHeaderBytes); }
  bool has_events() const { return frame_.size() > kHeaderBytes; }

  const std::shared_ptr<HostLog> host_;
  const SessionId session_;
  const std::unique_ptr<AppendFile> file_;
  std::mutex mutex_;  // guards what follows: the flow's thread, and who writes out what waits
  std::unique_ptr<Journal::Slot> slot_;
  SteadyTime waits_since_{};
  std::uint64_t reserved_to_ = 0;  // the disk has room up to there
  Hasher hasher_;
  Bytes frame_;  // kHeaderBytes of room, then the events of the next block
  Position end_;
  SessionSummary summary_;  // of all events appended
  std::optional<Error> poisoned_;
  std::uint64_t torn_bytes_ = 0;
  bool chain_asked_ = false;  // to take the opening of the session
  bool in_chain_ = false;     // the chain of the host knows the session
  bool has_row_ = false;      // the index does
  bool over_ = false;
};

}  // namespace sluice::record
