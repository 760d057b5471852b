// SPDX-License-Identifier: Apache-2.0
// The sessions that have events in the journal (record/journal.h), so that somebody makes blocks of
// them when the sessions fall silent.
#pragma once

#include <sluice/clock.h>

#include <mutex>
#include <set>

namespace sluice::record {

class WaitingWriter {
 public:
  virtual ~WaitingWriter() = default;
  // Owns the lock, if nobody uses the writer just now.
  virtual std::unique_lock<std::mutex> try_lock() = 0;
  // Under that lock: makes a block of what has waited since `before` or longer.
  virtual void write_out(SteadyTime before) = 0;
};

// Any thread. add() and remove() may be called under the lock of the writer.
class WaitingWriters {
 public:
  void add(WaitingWriter& writer);
  void remove(WaitingWriter& writer);
  // A writer that is in use is left for the next time: it fills its slot, or falls silent.
  void write_out(SteadyTime before);

 private:
  std::mutex mutex_;
  std::set<WaitingWriter*> writers_;
};

}  // namespace sluice::record
