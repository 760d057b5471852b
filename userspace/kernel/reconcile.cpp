// SPDX-License-Identifier: Apache-2.0
#include "kernel/reconcile.h"

namespace sluice::kernel {
namespace {

using Parts = std::vector<std::pair<std::string, std::uint64_t>>;

std::uint64_t value_of(const std::map<std::string, std::uint64_t>& map, const std::string& key) {
  const auto found = map.find(key);
  return found == map.end() ? 0 : found->second;
}

// Those that have an event of their own.
std::uint64_t reported(const Counted& counted) { return counted.total - counted.repeated; }

Balance balance(std::string id, std::string one_words, std::uint64_t one, std::string other_words,
                Parts parts) {
  Balance made{std::move(id), std::move(one_words), std::move(other_words), one, 0, {}};
  for (const auto& [name, count] : parts) made.other += count;
  made.parts = std::move(parts);
  return made;
}

}  // namespace

std::vector<Balance> reconcile(const Books& books) {
  std::uint64_t decided = 0, written = 0, lost = 0, steered = 0;
  std::vector<Balance> balances;
  for (const auto& [reason, counted] : books.counted) {
    decided += reported(counted);
    lost += counted.lost;
    written += value_of(books.audited, reason);
    if (reason.starts_with("steered_")) steered += reported(counted);
  }
  const auto detail = [&](const char* reason) {
    const auto found = books.counted.find(reason);
    return std::pair{std::string{reason}, found == books.counted.end() ? 0 : found->second.total};
  };
  balances.push_back(balance("events", "decisions that the kernel counted", decided,
                             "events written down, and lost ones",
                             {{"written", written}, {"lost", lost}}));
  // Only what does not add up, so that a difference names its reason.
  for (const auto& [reason, counted] : books.counted)
    if (const auto seen = value_of(books.audited, reason) + counted.lost; seen != reported(counted))
      balances.push_back(balance(
          "events_" + reason, "decisions counted as " + reason, reported(counted), "their events",
          {{"written", value_of(books.audited, reason)}, {"lost", counted.lost}}));
  balances.push_back(balance("sequences", "sequence numbers that were given out",
                             books.sequences.given_out, "decisions that the kernel counted",
                             {{"decisions", decided}}));
  balances.push_back(balance("steered", "TCP connections that were steered", steered,
                             "what became of them",
                             {detail("flow_recorded"), detail("flow_map_full"),
                              detail("flow_record_exists"), detail("never_sent")}));
  balances.push_back(balance("flow_records", "flow records that were written",
                             detail("flow_recorded").second, "what became of them",
                             {{"taken", books.taken},
                              detail("flow_dropped"),
                              {"swept", books.swept},
                              {"waiting", books.waiting}}));
  balances.push_back(balance("accepted", "connections that were found by their record", books.taken,
                             "sessions, and refusals by the daemon",
                             {{"sessions", books.sessions}, {"refused", books.refused}}));
  return balances;
}

}  // namespace sluice::kernel
