// SPDX-License-Identifier: Apache-2.0
#include "record/verify.h"

#include "record/append_turn.h"
#include "record/index.h"
#include "record/listing.h"
#include "record/sessions.h"
#include "record/verify_chain.h"
#include "record/verify_session.h"

#include <chrono>
#include <thread>

namespace sluice::record {
namespace {

constexpr std::chrono::milliseconds kBetweenLooks{10};
constexpr std::chrono::seconds kWaitForWriter{2};

class Verifier {
 public:
  Verifier(const std::string& directory, const PublicKey& key,
           const std::optional<Checkpoint>& off_host)
      : directory_(directory), key_(key), off_host_(off_host) {}

  // Reading order matters beside a running daemon: a checkpoint file is never newer than the chain
  // read after it, a sealed session always has its row in the index read after that.
  Result<Report> run(const std::optional<SessionId>& only) {
    SLUICE_TRY(chain_, check_chain(directory_, key_, off_host_, report_));
    SLUICE_TRY(index_, read_index(directory_));
    SLUICE_TRY(files_, list_files(directory_));
    if (only) {
      SLUICE_TRY_VOID(one(*only));
    } else {
      all();
    }
    return std::move(report_);
  }

 private:
  Result<void> one(const SessionId& id) {
    if (!is_session_id(id)) return Error{"'" + id + "' is not the name of a session"};
    if (!chain_.sessions.contains(id) && !files_.sessions.contains(id))
      return Error{"there is no session '" + id + "' in '" + directory_ + "'"};
    check(id);
    check_index(id);
    return {};
  }

  void all() {
    for (const auto& [id, fate] : chain_.sessions) check(id);
    for (const SessionId& id : files_.sessions)
      if (!chain_.sessions.contains(id)) check(id);
    for (const std::string& name : files_.strangers)
      report_.findings.push_back({name, 0, std::nullopt, "it is named like no session"});
    check_index(std::nullopt);
  }

  void check(const SessionId& id) {
    SessionCheck checked = check_session(directory_, id, key_.host_id(), chain_);
    if (checked.doubtful) look_again(id, checked);
    report_.sessions += 1;
    report_.live += checked.state == SessionCheck::State::kLive ? 1 : 0;
    report_.abandoned += checked.state == SessionCheck::State::kAbandoned ? 1 : 0;
    report_.blocks += checked.blocks;
    report_.events += checked.summary.events;
    if (!checked.note.empty()) report_.notes.push_back(std::move(checked.note));
    if (checked.finding) {
      report_.findings.push_back(std::move(*checked.finding));
      broken_.insert(id);
    } else if (checked.blocks > 0) {
      summaries_.emplace(id, std::move(checked.summary));
    }
  }

  // Opened, or closed, since the chain was read? The daemon may be running. The newer chain is for
  // this session only: the index that was read belongs to the older one. What a writer has half
  // done it finishes within moments; without one, what is there now is all there will be.
  void look_again(const SessionId& id, SessionCheck& checked) {
    const auto end = std::chrono::steady_clock::now() + kWaitForWriter;
    for (bool writer = true; checked.doubtful && writer;) {
      writer =
          has_living_writer(session_path(directory_, id)) && std::chrono::steady_clock::now() < end;
      Report unused;
      const auto chain = check_chain(directory_, key_, std::nullopt, unused);
      if (!chain) return;
      checked = check_session(directory_, id, key_.host_id(), *chain);
      if (checked.doubtful && writer) std::this_thread::sleep_for(kBetweenLooks);
    }
  }

  void finding_in_index(std::uint64_t offset, std::uint64_t number, std::string what) {
    // The first bad row, and no more.
    if (!index_is_bad_)
      report_.findings.push_back({std::string{kIndexFile}, offset, number, std::move(what)});
    index_is_bad_ = true;
  }

  void check_index(const std::optional<SessionId>& only) {
    std::set<SessionId> rows;
    for (const IndexRow& row : index_.rows) {
      const SessionId& id = row.summary.session;
      if (!rows.insert(id).second)
        finding_in_index(row.offset, row.number, "session " + id + " has a second row");
      if ((only && id != *only) || broken_.contains(id)) continue;
      const auto found = summaries_.find(id);
      if (found == summaries_.end())
        finding_in_index(row.offset, row.number,
                         "it has a row for session '" + id + "', of which there is no recording");
      else if (found->second != row.summary)
        finding_in_index(row.offset, row.number,
                         "the row of session " + id + " differs from its recording: " +
                             difference(row.summary, found->second));
    }
    if (const auto* bad = std::get_if<Bad>(&index_.end))
      finding_in_index(bad->offset, bad->sequence, bad->what);
    if (const auto* torn = std::get_if<Unfinished>(&index_.end))
      report_.notes.push_back("index: the last row is unfinished (" + std::to_string(torn->bytes) +
                              " bytes at offset " + std::to_string(torn->offset) + ")");
    const std::uint64_t end = index_.rows.size();
    for (const auto& [id, summary] : summaries_)
      if (!rows.contains(id) && chain_.sessions.contains(id) &&
          chain_.sessions.at(id).end.index() != 0)
        finding_in_index(offset_of_end(), end, "the row of session " + id + " is missing");
  }

  std::uint64_t offset_of_end() const {
    if (const auto* bad = std::get_if<Bad>(&index_.end)) return bad->offset;
    if (const auto* torn = std::get_if<Unfinished>(&index_.end)) return torn->offset;
    return index_.rows.empty()
               ? 0
               : index_.rows.back().offset + encode_row(index_.rows.back().summary).size();
  }

  static std::string difference(const SessionSummary& row, const SessionSummary& true_one) {
    const auto numbers = [](const char* what, std::uint64_t got, std::uint64_t expected) {
      return std::string{what} + " is " + std::to_string(got) + ", must be " +
             std::to_string(expected);
    };
    const auto ns = [](WallTime at) {
      return static_cast<std::uint64_t>(at.time_since_epoch().count());
    };
    if (row.agent != true_one.agent) return "the agent must be '" + true_one.agent + "'";
    if (row.run != true_one.run) return "the run must be '" + true_one.run + "'";
    if (row.resource != true_one.resource)
      return "the resource must be '" + true_one.resource + "'";
    if (row.protocol != true_one.protocol)
      return "the protocol must be '" + true_one.protocol + "'";
    if (row.opened != true_one.opened)
      return numbers("the time of opening", ns(row.opened), ns(true_one.opened));
    if (row.closed != true_one.closed) return "the time of closing is another";
    if (row.close_reason != true_one.close_reason) return "the reason of closing is another";
    if (row.statements != true_one.statements)
      return numbers("the count of statements", row.statements, true_one.statements);
    if (row.denied != true_one.denied)
      return numbers("the count of denied statements", row.denied, true_one.denied);
    if (row.held != true_one.held)
      return numbers("the count of held statements", row.held, true_one.held);
    if (row.events != true_one.events)
      return numbers("the count of events", row.events, true_one.events);
    return numbers("the count of bytes to the agent", row.bytes_to_agent, true_one.bytes_to_agent);
  }

  const std::string& directory_;
  const PublicKey& key_;
  const std::optional<Checkpoint>& off_host_;
  Report report_;
  ChainCheck chain_;
  Index index_;
  Listing files_;
  std::map<SessionId, SessionSummary> summaries_;
  std::set<SessionId> broken_;
  bool index_is_bad_ = false;
};

}  // namespace

Result<Report> verify_all(const std::string& directory, const PublicKey& key,
                          const std::optional<Checkpoint>& off_host) {
  auto report = Verifier{directory, key, off_host}.run(std::nullopt);
  if (!report) return report.error().within("verify '" + directory + "'");
  return report;
}

Result<Report> verify_session(const std::string& directory, const SessionId& session,
                              const PublicKey& key, const std::optional<Checkpoint>& off_host) {
  auto report = Verifier{directory, key, off_host}.run(session);
  if (!report) return report.error().within("verify '" + session + "'");
  return report;
}

}  // namespace sluice::record
