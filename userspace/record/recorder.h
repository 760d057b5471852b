// SPDX-License-Identifier: Apache-2.0
// The Recorder of ports.h over a directory: one file per session, host.chain, index and checkpoint
// (record/format.h says what is in them). One daemon at a time owns a directory; a lock sees to it.
// One that handed it over may finish its sessions beside the next (append_turn.h).
#pragma once

#include "record/checkpoint.h"
#include "record/file.h"
#include "record/key.h"

#include <sluice/clock.h>
#include <sluice/ports.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sluice::record {

enum class Durability : std::uint8_t {
  kProcess,  // commit() survives SIGKILL of the daemon; the disk gets it at checkpoints
  kDisk,     // commit() also survives the loss of power
};

struct RecorderOptions {
  std::string directory;      // made with mode 0750 if missing
  std::string key_directory;  // see SigningKey::load_or_create
  Durability durability = Durability::kProcess;
  std::uint64_t checkpoint_entries = 1000;       // a checkpoint is due after that many entries
  std::chrono::seconds checkpoint_interval{60};  // or that long after the first new one
  // Sessions whose commits can wait in the journal for their next block at a time
  // (record/journal.h; 16 KiB each); a commit of any other is a block of its own. 0, and kDisk: no
  // journal.
  std::uint32_t journal_slots = 0;
};

class DirectoryRecorder : public Recorder {
 public:
  // Opens or begins the directory, checks the whole chain of the host and finishes what a dead
  // daemon left (see recovered()). A chain that does not verify is an error: nothing is appended to
  // it.
  static Result<std::unique_ptr<DirectoryRecorder>> start(const RecorderOptions& options,
                                                          const Clock& clock);
  // For tests: `files` does the writing.
  static Result<std::unique_ptr<DirectoryRecorder>> start(const RecorderOptions& options,
                                                          const Clock& clock,
                                                          std::unique_ptr<Files> files);

  // What start() had to finish, a sentence each, for the daemon's log.
  virtual const std::vector<std::string>& recovered() const = 0;
  virtual const PublicKey& public_key() const = 0;

  // From now on another daemon may start() on the directory. Sessions that are open, and those that
  // are opened still, go on; checkpoints are the other daemon's to make.
  virtual void hand_over() = 0;
  // The directory is this daemon's alone again: the other one ended.
  virtual Result<void> take_back() = 0;
  // Closes, as start() does, what a daemon that had handed over left open when it died. Any thread;
  // flows may go on. A sentence for each.
  virtual Result<std::vector<std::string>> finish_abandoned() = 0;

  // Makes blocks of what has waited in the journal for a second. Call it every second or so, from
  // any thread.
  virtual void write_out() = 0;

  // Signs the chain if enough entries or time have gone by since the last checkpoint. The new one
  // is returned, to be logged or sent off the host. Call it every second or so, from any thread:
  // it waits for the disk.
  virtual Result<std::optional<Checkpoint>> checkpoint_if_due() = 0;
  // Signs now; at shutdown. Sessions that are still open stay so.
  virtual Result<Checkpoint> checkpoint() = 0;
  virtual std::optional<Checkpoint> latest_checkpoint() const = 0;
};

}  // namespace sluice::record
