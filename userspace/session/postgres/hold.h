// SPDX-License-Identifier: Apache-2.0
// The gate between a verdict and the wire: records, asks people, waits, and on release makes sure
// that what was approved is what runs (DESIGN.md section 8). At most one message of a session waits
// at a time; it stays at the front of the agent's bytes, so the order of the stream is kept.
#pragma once

#include <memory>
#include <optional>

#include "session/postgres/judge.h"
#include "session/postgres/pipeline.h"

namespace sluice::session {

// Everything that an approver saw and that decides what runs. The time of asking is not part of it.
bool same_intent(const Intent& a, const Intent& b);
// The policy of now asks nobody, or people who were asked already.
bool approved_by_enough(const Approvers& asked, const Verdict& verdict);

enum class Admission : std::uint8_t { kPass, kRefuse, kWait };

struct Admitted {
  Admission admission = Admission::kWait;
  std::unique_ptr<pg::Report> refusal{};  // for kRefuse: never null
  std::string request{};                  // for kRefuse: request id of the (first) statement
  std::optional<Approval> approved{};     // for kPass, where people had to be asked
};

class Gate {
 public:
  Gate(Context& context, Pipeline& pipeline) : context_(context), pipeline_(pipeline) {}

  // The answer for one message. Records each statement with its verdict the first time it is asked.
  // kWait: ask again with the same message after decided() or cancelled().
  Admitted admit(Judgement judgement, const std::string& text);

  // What is compared: what people saw, and what it stands for now.
  Intent whole(const Judgement& judgement, const std::string& text) const;

  // People have to decide about it, or have done so: then what is compared must be all of it.
  bool compares(const Judgement& judgement) const {
    return holds() || judgement.verdict().kind == VerdictKind::kHold;
  }

  // Request id of the statement that is judged next.
  std::string next_request() const;

  bool waiting() const { return held_ && !held_->decision && !held_->cancelled; }
  bool holds() const { return held_.has_value(); }
  void decided(const Decision& decision);
  // The agent asked to cancel. True if something was held and is withdrawn now.
  bool cancel();
  // The flow ends.
  void withdraw(const std::string& reason);
  // What is held will never be sent, and nothing is kept of it.
  void abandon(const std::string& reason);

 private:
  struct Held {
    TicketId ticket;
    std::uint64_t statement = 0;
    Approval asked_for;
    std::string request;
    std::optional<Decision> decision;
    bool cancelled = false;
  };
  Admitted release(Judgement judgement, const std::string& text);
  Admitted refuse(Judgement judgement);
  bool looks_first();
  Admitted hold(Judgement judgement, const std::string& text);
  void record(Judgement judgement, const TicketId& ticket);

  Context& context_;
  Pipeline& pipeline_;
  std::optional<Held> held_;
  bool looked_ = false;  // the catalogue was read for what is going to be held
};

}  // namespace sluice::session
