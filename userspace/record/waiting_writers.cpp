// SPDX-License-Identifier: Apache-2.0
#include "record/waiting_writers.h"

namespace sluice::record {

void WaitingWriters::add(WaitingWriter& writer) {
  const std::lock_guard lock{mutex_};
  writers_.insert(&writer);
}

void WaitingWriters::remove(WaitingWriter& writer) {
  const std::lock_guard lock{mutex_};
  writers_.erase(&writer);
}

void WaitingWriters::write_out(SteadyTime before) {
  WaitingWriter* writer = nullptr;
  for (;;) {
    // The writer cannot end while its lock is held, and the list is free meanwhile.
    std::unique_lock<std::mutex> in_use;
    {
      const std::lock_guard lock{mutex_};
      const auto next = writers_.upper_bound(writer);
      if (next == writers_.end()) return;
      writer = *next;
      in_use = writer->try_lock();
    }
    if (in_use) writer->write_out(before);
  }
}

}  // namespace sluice::record
