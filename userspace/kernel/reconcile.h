// SPDX-License-Identifier: Apache-2.0
// Do the kernel's counters, its events and what the daemon did with them add up? PURE. Exact while
// nothing is on its way: a connection between two hooks makes a difference for as long.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace sluice::kernel {

// Of one reason, over all CPUs. When no hook is running, total = repeated + lost + events that the
// reader was given.
struct Counted {
  std::uint64_t total = 0;
  std::uint64_t repeated = 0;  // counted without an event of their own
  std::uint64_t lost = 0;      // their event found no room
};

struct SequenceTotals {
  std::uint64_t given_out = 0;  // sequence numbers, over all CPUs
  std::uint64_t lost = 0;       // of these: events that found no room
};

struct Books {
  std::map<std::string, Counted> counted;        // by reason; every reason is there
  std::map<std::string, std::uint64_t> audited;  // events that were written down, by reason
  SequenceTotals sequences;
  std::uint64_t taken = 0;     // flow records that an accepted connection was found by
  std::uint64_t sessions = 0;  // of these: became a session
  std::uint64_t refused = 0;   // of these: reset by the daemon
  std::uint64_t swept = 0;     // flow records of connections that nobody accepted
  std::uint64_t waiting = 0;   // flow records that are there now
};

// Two sums that must be the same.
struct Balance {
  std::string id;  // stable: "events"
  std::string one_words, other_words;
  std::uint64_t one = 0;
  std::uint64_t other = 0;
  std::vector<std::pair<std::string, std::uint64_t>> parts;  // of `other`
};

std::vector<Balance> reconcile(const Books& books);

}  // namespace sluice::kernel
