// SPDX-License-Identifier: Apache-2.0
// Commits without a system call. The newest events of a busy session wait in a slot of a file that
// is mapped; what is in a slot survives the death of the daemon, as what was written does. When
// they fill the slot, or have waited for a second, they become one block of the session's file, and
// the slot is empty again.
//
//   recordings/journal.N    one for each daemon that runs: a head, then slots
//
//   head    := magic:4 version:4 slots:4 zero:4 boot_id:36, filled up to kSlotBytes
//   slot    := bytes:8 block:8 session:64 zero:48 events, filled up to kSlotBytes
//
// `bytes` of events are there, and will be block `block` of the session: where the file has that
// block already, they are in it. The file tells nothing once the host was started anew (boot_id):
// its pages reached the disk in any order, or not at all.
#pragma once

#include <sluice/bytes.h>
#include <sluice/identity.h>
#include <sluice/result.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.h"

namespace sluice::record {

// Pages of a file that others see as well.
class Mapping {
 public:
  static Result<Mapping> of(int fd, std::size_t bytes, bool writable);
  ~Mapping();
  Mapping(Mapping&& other) noexcept;
  Mapping& operator=(Mapping&&) = delete;
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  std::uint8_t* data() const { return data_; }
  std::size_t size() const { return size_; }

 private:
  Mapping(std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
  std::uint8_t* data_;
  std::size_t size_;
};

class Journal {
 public:
  static constexpr std::size_t kSlotBytes = 16U << 10;
  static constexpr std::size_t kSlotHeadBytes = 128;
  static constexpr std::size_t kEventBytesMax = kSlotBytes - kSlotHeadBytes;

  // One session's place. Used by one thread at a time.
  class Slot {
   public:
    Slot(Journal& journal, std::uint32_t number, const SessionId& session, std::uint64_t block);
    // Gives the place back, unless events are still in it: then it stays as it is for the next
    // start to find.
    ~Slot();
    Slot(const Slot&) = delete;
    Slot& operator=(const Slot&) = delete;

    std::size_t bytes() const { return bytes_; }
    bool has_room_for(std::size_t more) const { return more <= kEventBytesMax - bytes_; }
    // They survive the death of this process when this returns.
    void put(ByteView events);
    // They are in a block now; the next will be in `block`.
    void clear(std::uint64_t block);

   private:
    Journal& journal_;
    const std::uint32_t number_;
    std::uint8_t* const at_;
    std::size_t bytes_ = 0;
  };

  // Makes the first journal.N that is not there, and holds a lock on it. nullptr where the file
  // system cannot promise the room (an error where there is none), or every name is taken.
  static Result<std::unique_ptr<Journal>> create(const std::string& directory, std::uint32_t slots);
  ~Journal();  // removes the file, unless there are events in it
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // nullptr: all are in use. Any thread.
  std::unique_ptr<Slot> claim(const SessionId& session, std::uint64_t block);

 private:
  Journal(std::string path, UniqueFd fd, Mapping mapping, std::uint32_t slots);
  void give_back(std::uint32_t number);

  const std::string path_;
  const UniqueFd fd_;  // for its lock
  const Mapping mapping_;
  const std::uint32_t slots_;
  std::mutex mutex_;
  std::vector<std::uint32_t> free_;  // guarded by mutex_; the last one used is the next
};

// What waits in a slot.
struct Waiting {
  SessionId session;
  std::uint64_t block = 0;
  Bytes events;
};

// The journals of a directory, read beside their writers.
class JournalView {
 public:
  // Of daemons that run, and of such as died since the host was started.
  static JournalView of(const std::string& directory);

  // The events of `session` that will be its block `block`, as far as they are committed now.
  std::optional<Bytes> waiting(std::string_view session, std::uint64_t block) const;

 private:
  std::vector<Mapping> journals_;
};

// A journal that nobody has a lock on.
struct LeftJournal {
  std::string path;
  bool of_this_boot = false;  // otherwise the events are not to be trusted
  std::vector<Waiting> waiting;
};
Result<std::vector<LeftJournal>> left_journals(const std::string& directory);

}  // namespace sluice::record
