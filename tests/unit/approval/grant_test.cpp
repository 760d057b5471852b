// SPDX-License-Identifier: Apache-2.0
#include "fixture.h"

#include "approval/binding.h"

#include <gmock/gmock.h>

namespace sluice::approval {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using Why = VoteRefused::Why;

class GrantTest : public BookTest {
 protected:
  std::string approve_for(const TicketId& ticket, std::chrono::seconds duration) {
    const auto voted = vote(carol, ticket, kApprove, "ok", duration);
    const auto* outcome = std::get_if<VoteOutcome>(&voted);
    EXPECT_NE(outcome, nullptr);
    return outcome ? outcome->grant : "";
  }
};

TEST_F(GrantTest, LetsTheVerySameRequestPassAtOnceUntilItEnds) {
  must_ask(make_ask("aaaa"));
  const std::string grant = approve_for("aaaa", 15min);
  EXPECT_THAT(grant, HasSubstr("grant-"));
  clock.advance(14min);
  must_ask(make_ask("bbbb"));
  EXPECT_EQ(answers["bbbb"].kind, DecisionKind::kApproved);
  EXPECT_EQ(answers["bbbb"].by, "carol");
  EXPECT_THAT(answers["bbbb"].note, HasSubstr(grant));
  clock.advance(1min);
  must_ask(make_ask("cccc"));
  EXPECT_EQ(answer_count["cccc"], 0);
  book->tick();
  EXPECT_TRUE(book->grants().empty());
}

TEST_F(GrantTest, IsShownAndCanBeTakenBack) {
  must_ask(make_ask("aaaa"));
  const std::string id = approve_for("aaaa", 15min);
  const auto grants = book->grants();
  ASSERT_EQ(grants.size(), 1U);
  EXPECT_EQ(grants[0].id, id);
  EXPECT_EQ(grants[0].statement, "DELETE FROM t");
  EXPECT_EQ(grants[0].by, "carol");
  EXPECT_TRUE(*book->revoke_grant(id, "carol"));
  EXPECT_FALSE(*book->revoke_grant(id, "carol"));
  must_ask(make_ask("bbbb"));
  EXPECT_EQ(answer_count["bbbb"], 0);
}

TEST_F(GrantTest, EndsWithItsRunAndWithTheDaemon) {
  must_ask(make_ask("aaaa"));
  approve_for("aaaa", 15min);
  book->end_run("run-1", "over");
  EXPECT_TRUE(book->grants().empty());
  must_ask(make_ask("bbbb"));
  approve_for("bbbb", 15min);
  reopen();
  must_ask(make_ask("cccc"));
  EXPECT_EQ(answer_count["cccc"], 0);
}

TEST_F(GrantTest, AWallClockThatIsSetBackDoesNotStretchIt) {
  must_ask(make_ask("aaaa"));
  approve_for("aaaa", 15min);
  clock.step_wall(-86400s);
  clock.advance(15min);
  must_ask(make_ask("bbbb"));
  EXPECT_EQ(answer_count["bbbb"], 0);
}

TEST_F(GrantTest, OfSeveralApproversTakesTheShortestAndNoneIfOneSaidNone) {
  Ask question = make_ask("aaaa");
  question.verdict.approvers.count = 2;
  must_ask(question);
  static_cast<void>(vote(carol, "aaaa", kApprove, "", 1h));
  static_cast<void>(vote(dave, "aaaa", kApprove, "", 5min));
  ASSERT_EQ(book->grants().size(), 1U);
  EXPECT_EQ(book->grants()[0].expires_at, clock.wall() + 5min);

  Ask other = make_ask("bbbb", "DELETE FROM u");
  other.verdict.approvers.count = 2;
  must_ask(other);
  static_cast<void>(vote(carol, "bbbb"));
  static_cast<void>(vote(dave, "bbbb", kApprove, "", 5min));
  EXPECT_EQ(book->grants().size(), 1U);
}

TEST_F(GrantTest, HasALongestTime) {
  must_ask(make_ask("aaaa"));
  EXPECT_EQ(refusal(vote(carol, "aaaa", kApprove, "", 25h)), Why::kInvalid);
  EXPECT_EQ(refusal(vote(carol, "aaaa", kApprove, "", 0s)), Why::kInvalid);
  EXPECT_EQ(refusal(vote(carol, "aaaa", kDeny, "no", 5min)), Why::kInvalid);
  EXPECT_TRUE(answers.empty());
}

TEST_F(GrantTest, ManyOfThemAreRefused) {
  Limits limits;
  limits.grants_max = 1;
  reopen(limits);
  must_ask(make_ask("aaaa"));
  approve_for("aaaa", 15min);
  must_ask(make_ask("bbbb", "other"));
  EXPECT_EQ(refusal(vote(carol, "bbbb", kApprove, "", 5min)), Why::kInvalid);
  EXPECT_EQ(std::get<VoteOutcome>(vote(carol, "bbbb")).state, State::kApproved);
}

// Whatever differs, a person has not seen it.
struct Change {
  const char* name;
  void (*apply)(Ask&);
};
void PrintTo(const Change& change, std::ostream* out) { *out << change.name; }

class GrantCovers : public GrantTest, public testing::WithParamInterface<Change> {};

TEST_P(GrantCovers, NothingThatDiffersInOnePart) {
  must_ask(make_ask("aaaa"));
  approve_for("aaaa", 15min);
  Ask other = make_ask("bbbb");
  GetParam().apply(other);
  must_ask(other);
  EXPECT_EQ(answer_count["bbbb"], 0) << GetParam().name;
}

void set_run(Ask& ask, Lineage lineage) {
  ask.intent.lineage = std::make_shared<Lineage>(std::move(lineage));
}

const Change kChanges[] = {
    {"statement", [](Ask& ask) { ask.intent.statement += " "; }},
    {"parameter", [](Ask& ask) { ask.intent.parameters[0] = "2"; }},
    {"null_parameter", [](Ask& ask) { ask.intent.parameters[1] = ""; }},
    {"parameter_count", [](Ask& ask) { ask.intent.parameters.push_back("3"); }},
    {"what_is_not_shown", [](Ask& ask) { ask.intent.unshown_digest = "ab"; }},
    {"database", [](Ask& ask) { ask.intent.database = "bank"; }},
    {"resource", [](Ask& ask) { ask.intent.resource = "ledger"; }},
    {"action", [](Ask& ask) { ask.intent.actions.add(Action::kHost); }},
    {"object", [](Ask& ask) { ask.intent.objects[0].schema = "evil"; }},
    {"column",
     [](Ask& ask) {
       ask.intent.columns = {{"public", "t", "ssn", true}};
     }},
    {"unbounded", [](Ask& ask) { ask.intent.unbounded = true; }},
    {"rule", [](Ask& ask) { ask.verdict.rule = "another"; }},
    {"approvers", [](Ask& ask) { ask.verdict.approvers.users = {"carol"}; }},
    {"count", [](Ask& ask) { ask.verdict.approvers.count = 2; }},
    {"run",
     [](Ask& ask) {
       set_run(ask, {{"run-2", "reporter", 2, "/x", "alice", "bob", ""}});
     }},
    {"run_below",
     [](Ask& ask) {
       set_run(ask, {{"run-1", "reporter", 1, "/x", "alice", "bob", ""},
                     {"run-2", "helper", 2, "/x/y", "alice", "bob", ""}});
     }},
};
INSTANTIATE_TEST_SUITE_P(, GrantCovers, testing::ValuesIn(kChanges),
                         [](const auto& test) { return std::string{test.param.name}; });

TEST(Binding, KeepsTheBordersBetweenParts) {
  Intent a, b;
  a.lineage = b.lineage = std::make_shared<Lineage>(Lineage{{"run-1", "a", 1, "/", "", "", ""}});
  a.resource = "x1:y", a.database = "";
  b.resource = "x", b.database = "y";
  EXPECT_NE(binding_of(a, {}), binding_of(b, {}));
  b = a;
  a.parameters = {std::string{"a"}, std::string{"b"}};
  b.parameters = {std::string{"a=1:b"}};
  EXPECT_NE(binding_of(a, {}), binding_of(b, {}));
}

}  // namespace
}  // namespace sluice::approval
