// SPDX-License-Identifier: Apache-2.0
// The shared end of every session's writer: host.chain, the index and the checkpoint of one
// directory. Called from any thread.
#pragma once

#include "record/append_turn.h"
#include "record/chain.h"
#include "record/file.h"
#include "record/index.h"
#include "record/journal.h"
#include "record/key.h"
#include "record/recorder.h"
#include "record/waiting_writers.h"

#include <sluice/clock.h>

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace sluice::record {

// A compressor is large (hundreds of KiB) and a flow is mostly idle, so they are lent out for the
// time of one block.
struct Packer {
  Compressor compressor;
  Bytes scratch;
};
class PackerPool {
 public:
  std::unique_ptr<Packer> take();
  void give_back(std::unique_ptr<Packer> packer);

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<Packer>> idle_;
};

class HostLog {
 public:
  struct Start {
    std::unique_ptr<AppendFile> chain;
    std::unique_ptr<AppendFile> index;
    std::uint64_t index_bytes = 0;
    Position chain_end;
    std::optional<Checkpoint> newest_checkpoint;
    std::uint64_t entries_since_checkpoint = 0;
  };
  // `turn`: of the directory, held. It stays held until let_others().
  HostLog(RecorderOptions options, std::unique_ptr<Files> files, SigningKey key, const Clock& clock,
          AppendTurn turn, Start start);

  // From hold() to let_others() no other daemon appends; the calls below do it for one append.
  Result<void> hold();
  void let_others();

  // Once, after what dead daemons left was finished. The turn is held.
  Result<void> open_journal();
  Journal* journal() { return journal_.get(); }  // may be null
  WaitingWriters& waiting() { return waiting_; }
  void write_out();  // what has waited for a second

  Result<void> add(const ChainEntry& entry);
  Result<void> add_row(const SessionSummary& summary);
  Result<std::optional<Checkpoint>> checkpoint_if_due();
  Result<Checkpoint> checkpoint();
  std::optional<Checkpoint> latest_checkpoint() const;

  Files& files() { return *files_; }
  PackerPool& packers() { return packers_; }
  const Clock& clock() const { return clock_; }
  const RecorderOptions& options() const { return options_; }
  const std::string& host_id() const { return host_id_; }
  const PublicKey& public_key() const { return key_.public_key(); }

 private:
  Result<void> begin_append();                    // with mutex_ held
  void end_append();                              // with mutex_ held
  Result<bool> read_one_more(ByteSource& chain);  // with mutex_ and the turn held
  Result<void> read_what_others_appended();       // with mutex_ and the turn held
  struct EndOfAppend {
    HostLog& log;
    ~EndOfAppend() { log.end_append(); }
  };
  Result<void> append_in_turn(const ChainEntry& entry);
  Result<void> append_row_in_turn(const SessionSummary& summary);
  Result<void> append_entry(const ChainEntry& entry);      // with mutex_ held
  Result<void> append_row(const SessionSummary& summary);  // with mutex_ held
  Result<void> fail_for_ever(Error error);                 // with mutex_ held

  const RecorderOptions options_;
  const std::unique_ptr<Files> files_;
  const SigningKey key_;
  const std::string host_id_;
  const Clock& clock_;
  PackerPool packers_;
  std::unique_ptr<Journal> journal_;
  WaitingWriters waiting_;

  std::mutex checkpoint_mutex_;  // one checkpoint at a time; taken before mutex_
  mutable std::mutex mutex_;     // guards what follows
  AppendTurn turn_;
  int turn_held_ = 1;  // by how many, let_others() being one
  const std::unique_ptr<AppendFile> chain_;
  const std::unique_ptr<AppendFile> index_;
  std::uint64_t index_bytes_;
  Position end_;
  Hasher hasher_;
  std::optional<Checkpoint> newest_checkpoint_;
  std::uint64_t entries_since_checkpoint_;
  std::optional<SteadyTime> due_at_;
  std::optional<Error> failed_;  // nothing more is appended
};

}  // namespace sluice::record
