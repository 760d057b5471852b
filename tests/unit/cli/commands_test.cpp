// SPDX-License-Identifier: Apache-2.0
// The commands over a daemon that answers what a test says.
#include "cli/commands.h"

#include "../store/temp_dir.h"
#include "base/json_read.h"
#include "cli/exit_code.h"
#include "control/codec.h"
#include "kernel/guarantees.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <boost/json.hpp>

#include <cerrno>
#include <deque>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace sluice::cli {
namespace {

using control::Refusal;
using control::Reply;
using control::Unreachable;
using testing::HasSubstr;
using testing::Not;

class FixedClock final : public Clock {
 public:
  WallTime wall() const override { return WallTime{std::chrono::seconds{1'800'000'000}}; }
  SteadyTime steady() const override { return {}; }
};

struct Call {
  std::string method, target, body;
};

class Commands : public testing::Test {
 protected:
  WallTime later(std::int64_t seconds) const {
    return clock.wall() + std::chrono::seconds{seconds};
  }
  template <class T>
  void will_answer(const T& report) {
    replies.emplace_back(boost::json::serialize(control::to_json(report)));
  }
  int execute_words(std::vector<std::string> words) {
    auto parsed = parse_arguments(std::move(words));
    if (const auto* stop = std::get_if<Stop>(&parsed)) {
      ADD_FAILURE() << stop->text;
      return -1;
    }
    return execute(std::get<Arguments>(parsed), context);
  }

  FixedClock clock;
  std::ostringstream out, err;
  std::deque<Reply> replies;
  std::vector<Call> calls;
  std::optional<launch::LaunchPlan> launched;
  Error launch_error = Error::sys(ENOENT, "execute 'nothing'");
  std::vector<kernel::Feature> features;
  Context context{out,
                  err,
                  clock,
                  {},
                  [this](const std::string& method, const std::string& target,
                         const std::string& body) -> Reply {
                    calls.push_back({method, target, body});
                    if (replies.empty()) return Unreachable{"cannot reach the daemon at /x"};
                    Reply reply = std::move(replies.front());
                    replies.pop_front();
                    return reply;
                  },
                  [this](const launch::LaunchPlan& plan) {
                    launched = plan;
                    return launch_error;
                  },
                  [this] { return features; },
                  [](std::chrono::nanoseconds) {}};

  control::ApprovalRow pending() const {
    control::ApprovalRow row;
    row.ticket = "abcd2345";
    row.state = "pending";
    Lineage lineage{{"run-1", "planner", 1, "/a", "alice", "alice", ""},
                    {"run-2", "reporter", 2, "/a/b", "alice", "bob", "T-7"}};
    row.intent.lineage = std::make_shared<Lineage>(lineage);
    row.intent.resource = "orders";
    row.intent.database = "shop";
    row.intent.statement = "DELETE FROM customers\nWHERE id = $1";
    row.intent.actions = {Action::kDelete};
    row.intent.objects = {{ObjectRef::Kind::kTable, "public", "customers"}};
    row.intent.columns = {{"public", "customers", "ssn", true}};
    row.intent.parameters = {"7", std::nullopt};
    row.rule = "changes need a person";
    row.message = "say why";
    row.approvers = {{"carol"}, {"dba"}, 2};
    row.votes = {{"carol", true, "fine", later(-60)}};
    row.asked_at = later(-120);
    row.expires_at = later(480);
    return row;
  }
};

TEST_F(Commands, AnApprovalShowsAllThatAPersonNeeds) {
  control::ApprovalsReport report;
  report.approvals = {pending()};
  will_answer(report);
  EXPECT_EQ(execute_words({"approvals"}), kDone);
  EXPECT_EQ(out.str(),
            "abcd2345  pending, expires in 8m\n"
            "who           planner > reporter (run-2, started by alice, for bob, task T-7)\n"
            "where         orders/shop\n"
            "does          delete\n"
            "touches       public.customers\n"
            "sensitive     public.customers.ssn\n"
            "statement\n"
            "  | DELETE FROM customers\n"
            "  | WHERE id = $1\n"
            "  $1 = '7'\n"
            "  $2 = NULL\n"
            "rule          changes need a person: say why\n"
            "approvers     carol, group dba (2 of them)\n"
            "approved by   carol 1m ago: fine\n"
            "\n");
}

TEST_F(Commands, AnAgentCannotForgeWhatTheApproverSees) {
  control::ApprovalsReport report;
  report.approvals = {pending()};
  Intent& intent = report.approvals[0].intent;
  intent.statement =
      "SELECT 1\nrule          harmless\r\x1b[2J\x1b]0;x\x07 \xe2\x80\xae"
      "desrever \xc2\x9b"
      "31m";
  intent.parameters = {"x\nrule          harmless"};
  intent.objects[0].name = "t\nrule: none";
  auto lineage = *intent.lineage;
  lineage.back().task = "t\nstatement\n  | SELECT 1";
  intent.lineage = std::make_shared<Lineage>(lineage);
  will_answer(report);
  EXPECT_EQ(execute_words({"approvals"}), kDone);
  const std::string text = out.str();
  for (const char c : text) EXPECT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= 0x20) << text;
  EXPECT_THAT(text, Not(HasSubstr("\xe2\x80\xae")));
  EXPECT_THAT(text, Not(HasSubstr("\xc2\x9b")));
  EXPECT_THAT(text, Not(HasSubstr("\nrule          harmless")));
  EXPECT_THAT(text, Not(HasSubstr("\nrule: none")));
  EXPECT_THAT(text, HasSubstr("  | rule          harmless\\r\\x1b[2J"));
}

TEST_F(Commands, NothingPendingSaysSo) {
  will_answer(control::ApprovalsReport{});
  EXPECT_EQ(execute_words({"approvals"}), kDone);
  EXPECT_EQ(out.str(), "nothing waits for approval\n");
}

TEST_F(Commands, FollowShowsEachRequestAndEachChangeOnce) {
  control::ApprovalsReport first, second, third;
  control::ApprovalRow old = pending();
  old.ticket = "zzzz2345", old.state = "denied";
  first.version = 4, first.approvals = {pending(), old};
  second = first, second.version = 5;
  third = first, third.version = 6;
  third.approvals[0].state = "approved", third.approvals[0].note = "ok";
  will_answer(first);
  will_answer(second);
  will_answer(third);
  EXPECT_EQ(execute_words({"approvals", "--follow"}), kUnreachable);
  const std::string text = out.str();
  EXPECT_THAT(text, HasSubstr("abcd2345  pending"));
  EXPECT_EQ(text.find("abcd2345  pending"), text.rfind("abcd2345  pending"));
  EXPECT_THAT(text, HasSubstr("abcd2345  approved: ok"));
  EXPECT_THAT(text, Not(HasSubstr("zzzz2345")));
  ASSERT_EQ(calls.size(), 4U);
  EXPECT_EQ(calls[3].target, "/v1/approvals?decided=1&after=6&wait=25");
}

TEST_F(Commands, FollowInJsonIsOneDocumentALine) {
  control::ApprovalsReport report;
  report.approvals = {pending()};
  will_answer(report);
  EXPECT_EQ(execute_words({"approvals", "--follow", "--json"}), kUnreachable);
  const auto document = parse_json(out.str());
  ASSERT_TRUE(document.ok());
  EXPECT_EQ(document->at("ticket").as_string(), "abcd2345");
}

TEST_F(Commands, AVoteIsSentAndItsOutcomeShown) {
  will_answer(control::VoteReply{"approved", 0, "grant-aaaabbbb"});
  EXPECT_EQ(execute_words({"approve", "abcd2345", "--for", "1h", "--note", "n"}), kDone);
  EXPECT_EQ(out.str(), "abcd2345  approved, with grant-aaaabbbb\n");
  EXPECT_EQ(calls[0].method, "POST");
  EXPECT_EQ(calls[0].target, "/v1/approvals/abcd2345/approve");
  EXPECT_EQ(calls[0].body, R"({"note":"n","grant_for_s":3600})");
  will_answer(control::VoteReply{"pending", 1, ""});
  EXPECT_EQ(execute_words({"approve", "abcd2345"}), kDone);
  EXPECT_THAT(out.str(), HasSubstr("abcd2345  pending: 1 more must approve"));
}

TEST_F(Commands, ARefusalIsTheAnswerNo) {
  replies.emplace_back(Refusal{Refusal::Kind::kForbidden, "you are not\x1b[1m an approver"});
  EXPECT_EQ(execute_words({"deny", "abcd2345", "--reason", "x"}), kNo);
  EXPECT_EQ(out.str(), "");
  EXPECT_EQ(err.str(), "sluice: you are not\\x1b[1m an approver\n");
}

TEST_F(Commands, WithoutADaemonEachSaysSoWithItsOwnCode) {
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"status"},
                                             {"agents"},
                                             {"flows"},
                                             {"approvals"},
                                             {"approve", "abcd2345"},
                                             {"deny", "abcd2345", "--reason", "x"},
                                             {"revoke", "run-1"},
                                             {"reload"},
                                             {"run", "--agent", "a", "--", "true"}}) {
    err.str("");
    EXPECT_EQ(execute_words(words), kUnreachable) << words[0];
    EXPECT_EQ(err.str(), "sluice: cannot reach the daemon at /x\n") << words[0];
  }
  EXPECT_FALSE(launched);
  EXPECT_EQ(out.str(), "");
}

TEST_F(Commands, AnAnswerOfAnotherVersionIsNotGuessedAt) {
  for (const char* document : {"", "[]", "{}", "{\"enforcing\":1}"}) {
    replies.emplace_back(std::string{document});
    EXPECT_EQ(execute_words({"status"}), kUnreachable) << document;
  }
  EXPECT_EQ(out.str(), "");
}

TEST_F(Commands, StatusSaysFirstWhetherItEnforces) {
  control::StatusReport report;
  report.version = "0.1.0";
  report.enforcing = false;
  report.not_enforcing_because = "no cgroup hooks";
  report.pid = 7;
  report.started_at = report.policy_loaded_at = later(-3700);
  report.policy_dir = "/p";
  report.policy_error = "a.yaml:1:1: error: x";
  report.observe_rules = {"watch only"};
  report.counters = {{"denied", 3}};
  will_answer(report);
  EXPECT_EQ(execute_words({"status"}), kDone);
  EXPECT_EQ(out.str(),
            "NOT enforcing: no cgroup hooks\n"
            "daemon        sluice 0.1.0, pid 7, started 1h01m ago\n"
            "policy        /p, loaded 1h01m ago\n"
            "the last reload was refused, the policy before it stays:\n"
            "  | a.yaml:1:1: error: x\n"
            "observe only  watch only\n"
            "cgroup        \n"
            "listeners     \n"
            "runs          0\n"
            "flows         0\n"
            "approvals     0 waiting\n"
            "\n"
            "COUNTER  VALUE\n"
            "denied   3\n");
}

TEST_F(Commands, ListingsAreTables) {
  control::AgentRow agent;
  agent.name = "reporter";
  control::RunRow row;
  row.run = {"run-1", "reporter", 1, "/a", "alice", "bob", "T\x1b-7"};
  row.lineage = {"reporter"};
  row.started_at = later(-5);
  row.statements = 12;
  agent.runs = {row};
  control::AgentRow idle;
  idle.name = "nightly";
  idle.match_cgroup = "/system.slice/n.service";
  will_answer(std::vector<control::AgentRow>{agent, idle});
  EXPECT_EQ(execute_words({"agents"}), kDone);
  EXPECT_EQ(out.str(),
            "AGENT     RUN    LINEAGE                  STARTED  BY     FOR  TASK     FLOWS  "
            "STATEMENTS  REFUSED  STATE\n"
            "reporter  run-1  reporter                 5s ago   alice  bob  T\\x1b-7  0      12  "
            "        0        living\n"
            "nightly   -      /system.slice/n.service  -        -      -    -        -      -   "
            "        -        no run\n");
}

TEST_F(Commands, JsonIsTheDaemonsDocument) {
  std::vector<control::FlowRow> flows(1);
  flows[0].resource = "orders";
  will_answer(flows);
  EXPECT_EQ(execute_words({"flows", "--json"}), kDone);
  const auto document = parse_json(out.str());
  ASSERT_TRUE(document.ok());
  EXPECT_EQ(document->at("flows").at(0).at("resource").as_string(), "orders");
}

TEST_F(Commands, ARunBecomesTheAgentWithTheVariablesThatTrustTheCa) {
  control::RunReply reply;
  reply.run = {"run-1", "reporter", 1, "/a", "alice", "alice", ""};
  reply.ca_file = "/run/sluice/ca.pem";
  reply.ca_bundle = "/run/sluice/bundle.pem";
  reply.environment = {{"SLUICE_RUN", "run-1"}};
  will_answer(reply);
  EXPECT_EQ(execute_words({"run", "--agent", "reporter", "--task", "t", "--", "psql", "-c", "x"}),
            kCommandNotFound);
  ASSERT_TRUE(launched);
  EXPECT_EQ(launched->argv, (std::vector<std::string>{"psql", "-c", "x"}));
  EXPECT_FALSE(launched->user);
  const auto has = [&](const std::string& name) {
    for (const auto& [key, value] : launched->environment)
      if (key == name) return true;
    return false;
  };
  for (const char* name : {"SSL_CERT_FILE", "PGSSLROOTCERT", "NODE_EXTRA_CA_CERTS",
                           "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO", "SLUICE_RUN"})
    EXPECT_TRUE(has(name)) << name;
  EXPECT_EQ(calls[0].target, "/v1/runs");
  EXPECT_EQ(parse_json(calls[0].body)->at("agent").as_string(), "reporter");
}

TEST_F(Commands, ARunThatCannotStartHasTheCodesOfEnv) {
  will_answer(control::RunReply{});
  launch_error = Error::sys(EACCES, "execute");
  EXPECT_EQ(execute_words({"run", "--agent", "a", "--", "x"}), kCannotExecute);
  replies.emplace_back(Refusal{Refusal::Kind::kForbidden, "alice may not start 'a'"});
  launched.reset();
  EXPECT_EQ(execute_words({"run", "--agent", "a", "--", "x"}), kNo);
  EXPECT_FALSE(launched);
}

TEST_F(Commands, AUserThatDoesNotExistIsNoticedBeforeTheDaemonIsAsked) {
  EXPECT_EQ(execute_words({"run", "--agent", "a", "--user", "no-such-user-here", "--", "x"}),
            kUsage);
  EXPECT_TRUE(calls.empty());
}

std::vector<kernel::Feature> all_features() {
  std::vector<kernel::Feature> features;
  for (const std::string& id : kernel::feature_ids())
    features.push_back({id, "what it is for", true, true, "tried", ""});
  return features;
}

kernel::Feature& named(std::vector<kernel::Feature>& features, std::string_view id) {
  for (kernel::Feature& feature : features)
    if (feature.id == id) return feature;
  throw std::runtime_error{"no such feature"};
}

TEST_F(Commands, DoctorTriesTheKernelItselfWithoutADaemon) {
  const test::TempDir policies;
  std::ofstream{policies.file("p.yaml")} << "version: 1\n";
  context.config.policy_dir = policies.path();
  features = all_features();
  named(features, "sock_destroy") = {"sock_destroy", "cuts", false, true, "tried", "no module"};
  EXPECT_EQ(execute_words({"doctor"}), kDone) << out.str();
  EXPECT_THAT(out.str(), HasSubstr("nothing is attached by a daemon"));
  EXPECT_THAT(out.str(), HasSubstr(" 5* held     tcp: TCP of a run goes to the daemon"));
  EXPECT_THAT(out.str(), HasSubstr("  PARTLY   revocation: A revoked run loses"));
  EXPECT_THAT(out.str(), HasSubstr("why not: sock_destroy: no module\n"));
  EXPECT_THAT(out.str(), HasSubstr("so: connections that are direct live on\n"));
  EXPECT_THAT(out.str(), HasSubstr("Every required guarantee is held: enforcing.\n"));
}

TEST_F(Commands, DoctorNeverSaysEnforcingWhereARequiredGuaranteeIsMissing) {
  const test::TempDir policies;
  std::ofstream{policies.file("p.yaml")} << "version: 1\nrequire: [revocation]\n";
  context.config.policy_dir = policies.path();
  features = all_features();
  EXPECT_EQ(execute_words({"doctor"}), kDone) << out.str();
  out.str("");
  named(features, "sock_destroy") = {"sock_destroy", "cuts", false, true, "tried", "no module"};
  EXPECT_EQ(execute_words({"doctor"}), kNo);
  EXPECT_THAT(out.str(), HasSubstr("missing: guarantee 29, 'revocation'"));
  EXPECT_THAT(out.str(), Not(HasSubstr("enforcing")));
  out.str("");
  EXPECT_EQ(execute_words({"doctor", "--json"}), kNo);
  const auto document = parse_json(out.str());
  ASSERT_TRUE(document.ok());
  EXPECT_FALSE(document->at("can_enforce").as_bool());
  for (const auto& row : document->at("guarantees").as_array())
    if (row.at("id") == "revocation") {
      EXPECT_EQ(row.at("state"), "partly");
      EXPECT_FALSE(row.at("held").as_bool());
      EXPECT_TRUE(row.at("required").as_bool());
      EXPECT_EQ(row.at("number").to_number<int>(), 29);
    }
}

TEST_F(Commands, DoctorWithoutPrivilegeOrPolicySaysWhatItCouldNotSee) {
  context.config.policy_dir = "/nowhere/policies";
  features = all_features();
  named(features, "connect4") = {"connect4", "steers", false,
                                 false,      "tried",  "could not be tried: run it as root"};
  EXPECT_EQ(execute_words({"doctor"}), kNo);
  EXPECT_THAT(out.str(), HasSubstr(" 5* UNKNOWN  tcp"));
  EXPECT_THAT(out.str(), HasSubstr("note: the policy cannot be read"));
  EXPECT_THAT(out.str(), HasSubstr("is not known to be held"));
}

TEST_F(Commands, DoctorThatFoundNothingOutPromisesNothing) {
  EXPECT_EQ(execute_words({"doctor"}), kNo);
  EXPECT_THAT(out.str(), Not(HasSubstr("enforcing")));
}

TEST_F(Commands, DoctorOfALivingDaemonSaysWhatIsAttached) {
  control::DoctorReport report;
  report.attached = true;
  report.missing = {"guarantee 5, 'tcp', is not held on this host: it was detached"};
  will_answer(report);
  EXPECT_EQ(execute_words({"doctor"}), kNo);
  EXPECT_THAT(out.str(), HasSubstr("asked the daemon"));
  EXPECT_THAT(out.str(), HasSubstr("missing: guarantee 5"));
}

TEST_F(Commands, PolicyCheckNamesThePlaceAndCountsWhatIsRight) {
  const test::TempDir dir;
  EXPECT_EQ(execute_words({"policy", "check", dir.path()}), kNo);
  EXPECT_THAT(err.str(), HasSubstr("no *.yaml file"));
  std::ofstream{dir.file("a.yaml")} << "version: 1\nnonsense: 2\n";
  EXPECT_EQ(execute_words({"policy", "check", dir.path()}), kNo);
  EXPECT_THAT(out.str(), HasSubstr("a.yaml:2:1: error:"));
  out.str("");
  EXPECT_EQ(execute_words({"policy", "check", dir.path(), "--json"}), kNo);
  const auto document = parse_json(out.str());
  ASSERT_TRUE(document.ok());
  EXPECT_FALSE(document->at("ok").as_bool());
  EXPECT_EQ(document->at("diagnostics").at(0).at("line").as_int64(), 2);
}

TEST_F(Commands, RecordingsWithoutAHostKeyAreAnErrorWithItsPath) {
  const test::TempDir dir;
  context.config.state_dir = dir.path();
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"sessions"}, {"verify"}, {"replay", "ses-0123456789abcdef"}}) {
    err.str("");
    EXPECT_EQ(execute_words(words), kNo) << words[0];
    EXPECT_THAT(err.str(), HasSubstr(dir.path())) << words[0];
  }
  EXPECT_TRUE(calls.empty());
}

TEST_F(Commands, ASessionIdNeverBecomesAPathOfItsOwn) {
  for (const char* command : {"replay", "verify"})
    EXPECT_EQ(execute_words({command, "../../etc/passwd"}), kUsage) << command;
}

}  // namespace
}  // namespace sluice::cli
