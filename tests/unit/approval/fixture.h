// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../store/temp_dir.h"
#include "approval/book.h"
#include "store/store.h"

#include <gtest/gtest.h>

#include <map>

namespace sluice::approval {

class FakeClock final : public Clock {
 public:
  WallTime wall() const override { return wall_; }
  SteadyTime steady() const override { return steady_; }
  void advance(std::chrono::seconds by) { wall_ += by, steady_ += by; }
  void step_wall(std::chrono::seconds by) { wall_ += by; }

 private:
  WallTime wall_{std::chrono::seconds{1'800'000'000}};
  SteadyTime steady_{std::chrono::seconds{1000}};
};

inline Run run(const std::string& id, const std::string& by = "alice",
               const std::string& behalf = "bob") {
  return {id, "reporter", 1, "/sluice/" + id, by, behalf, ""};
}

class BookTest : public testing::Test {
 protected:
  static constexpr auto kApprove = true;
  static constexpr auto kDeny = false;

  void SetUp() override { open({}); }

  // As a restarted daemon would.
  void reopen(const Limits& limits = {}) {
    book.reset();
    store.reset();
    open(limits);
  }

  void open(const Limits& limits) {
    auto opened = store::Store::open(dir.file("store"));
    ASSERT_TRUE(opened.ok()) << opened.error().text();
    store = *std::move(opened);
    auto made = ApprovalBook::open(store->approvals(), clock, limits);
    ASSERT_TRUE(made.ok()) << made.error().text();
    book = *std::move(made);
  }

  static Ask make_ask(const TicketId& ticket, const std::string& statement = "DELETE FROM t",
                      Lineage lineage = {run("run-1")}) {
    Ask ask;
    ask.ticket = ticket;
    ask.statement = 3;
    ask.intent.lineage = std::make_shared<Lineage>(std::move(lineage));
    ask.intent.resource = "orders";
    ask.intent.protocol = "postgres";
    ask.intent.database = "shop";
    ask.intent.statement = statement;
    ask.intent.actions = {Action::kDelete};
    ask.intent.objects = {{ObjectRef::Kind::kTable, "public", "t"}};
    ask.intent.parameters = {"1", std::nullopt};
    ask.verdict.kind = VerdictKind::kHold;
    ask.verdict.rule = "changes need a person";
    ask.verdict.agent = "reporter";
    ask.verdict.approvers = {{"carol", "dave", "alice", "bob"}, {"dba"}, 1};
    ask.verdict.timeout = std::chrono::minutes{10};
    return ask;
  }

  Result<void> ask(const Ask& question) {
    return book->ask(question, "ses-1", [this](const Decision& decision) {
      ++answer_count[decision.ticket];
      answers[decision.ticket] = decision;
    });
  }
  void must_ask(const Ask& question) {
    const auto asked = ask(question);
    ASSERT_TRUE(asked.ok()) << asked.error().text();
  }

  using Voted = std::variant<VoteOutcome, VoteRefused>;
  Voted vote(const Person& person, const TicketId& ticket, bool approve = true,
             const std::string& note = "looked at it",
             std::optional<std::chrono::seconds> grant = std::nullopt) {
    return book->vote(person, {ticket, approve, note, grant});
  }
  static std::optional<VoteRefused::Why> refusal(const Voted& voted) {
    const auto* refused = std::get_if<VoteRefused>(&voted);
    if (!refused) return std::nullopt;
    return refused->why;
  }

  static inline const Person carol{11, "carol", {"staff"}};
  static inline const Person dave{12, "dave", {"staff"}};
  static inline const Person erin{13, "erin", {"staff", "dba"}};
  static inline const Person mallory{14, "mallory", {"staff"}};
  static inline const Person alice{15, "alice", {"dba"}};
  static inline const Person bob{16, "bob", {"dba"}};
  static inline const Person root{0, "root", {"root", "dba"}};

  test::TempDir dir;
  FakeClock clock;
  std::unique_ptr<store::Store> store;
  std::unique_ptr<ApprovalBook> book;
  std::map<TicketId, Decision> answers;
  std::map<TicketId, int> answer_count;
};

}  // namespace sluice::approval
