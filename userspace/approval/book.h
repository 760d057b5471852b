// SPDX-License-Identifier: Apache-2.0
// Where held statements wait for people. Every request and every decision is in the store before
// anybody is answered, so a crash between the two can only lose an approval, never invent one.
//
// Who may vote: people whom the rule names (by user or by group), each once, and never for a
// request of their own: one of a run that they launched or that acts on behalf of them, anywhere in
// its lineage. The one exception is root, where the rule names the user root itself: root can
// become anybody, so refusing it would only hide who decided. `count` different people must
// approve; one who denies ends it.
//
// A grant (approve with a duration) lets the very same request pass again until it ends: same run,
// resource, database, statement text, parameters, resolved objects, columns and actions, under a
// rule of the same name with the same approvers. Where several people must approve, each of them
// must have said a duration, and the shortest holds. It ends with its time, its run, its revocation
// or the daemon's life: a restarted daemon starts with none.
#pragma once

#include "approval/request.h"

#include <sluice/clock.h>
#include <sluice/ports.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace sluice::store {
class ApprovalStore;
}

namespace sluice::approval {

struct Limits {
  // An agent that floods its approvers is refused. Counted over the outermost run, since an agent
  // can start as many runs below its own as it likes.
  std::size_t pending_per_outermost_run_max = 64;
  std::size_t pending_max = 1024;
  std::size_t grants_max = 1024;
  std::size_t note_bytes_max = 1024;
  std::chrono::seconds grant_max{std::chrono::hours{24}};
  // What ended longer ago is forgotten by the store; the recordings keep it.
  std::chrono::hours keep{24 * 30};
  std::size_t decided_listed_max = 1000;
};

// Somebody who votes, as the control socket knows them.
struct Person {
  std::uint32_t uid = 0;
  std::string user;
  std::vector<std::string> groups;
};

struct Ballot {
  TicketId ticket;
  bool approve = false;
  std::string note;                               // the note, or the reason of a denial
  std::optional<std::chrono::seconds> grant_for;  // only with approve
};

struct VoteOutcome {
  State state = State::kPending;   // of the request, after this vote
  std::uint32_t still_needed = 0;  // people, while pending
  std::string grant;               // id of the grant that the vote gave, if any
};

struct VoteRefused {
  enum class Why : std::uint8_t {
    kNoSuchTicket,
    kAlreadyDecided,
    kNotAnApprover,
    kOwnRequest,
    kAlreadyVoted,
    kInvalid,      // a grant that is too long, a note that is too long, ...
    kStoreFailed,  // nothing was decided
  };
  Why why;
  std::string text;  // one sentence for the person
};

class ApprovalBook final : public Approvals {
 public:
  // Closes what the last life left pending as withdrawn, since its flows are dead. `store` and
  // `clock` must outlive the book.
  static Result<std::unique_ptr<ApprovalBook>> open(store::ApprovalStore& store, const Clock& clock,
                                                    const Limits& limits = {});
  ~ApprovalBook() override;

  // --- the port (any thread)
  // Where a grant covers the request the answer comes at once, from within ask(). An Error means
  // that nobody was asked and no answer will come: deny. Its text is fit for the agent.
  Result<void> ask(const Ask& ask, const SessionId& session, Answer answer) override;
  // May be called from within an answer. Waits for an answer of this ticket that is under way on
  // another thread.
  void withdraw(const TicketId& ticket, const std::string& reason) override;
  // Kept for as long as the request is pending.
  void note_rows(const TicketId& ticket, std::uint64_t rows) override;

  // --- people (any thread)
  std::variant<VoteOutcome, VoteRefused> vote(const Person& person, const Ballot& ballot);
  // Pending requests, oldest first; with `decided_since`, those that ended after it too.
  std::vector<Request> list(std::optional<WallTime> decided_since = std::nullopt) const;
  std::vector<Grant> grants() const;
  // false: no such grant.
  Result<bool> revoke_grant(const std::string& id, const std::string& by);
  // Withdraws what waits for the run and ends its grants. `reason` is told to the flows.
  void end_run(const RunId& run, const std::string& reason);
  // Withdraws everything that waits, and ends every grant.
  void end_everything(const std::string& reason);
  static bool names(const Approvers& approvers, const Person& person);

  // Expires what is due (answers kExpired) and drops grants that ended. Call about once a second.
  void tick();
  // When tick() has something to do next; max() if never.
  SteadyTime next_deadline() const;

  // Grows with each change. `changed` is called after a change, without a lock, on the thread that
  // made it.
  std::uint64_t version() const;
  void on_change(std::function<void()> changed);

 private:
  class Impl;
  explicit ApprovalBook(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::approval
