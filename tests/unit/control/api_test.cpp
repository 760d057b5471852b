// SPDX-License-Identifier: Apache-2.0
#include "control/api.h"

#include "base/json_read.h"
#include "control/codec.h"
#include "fake_backend.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json.hpp>

namespace sluice::control {
namespace {

using testing::HasSubstr;

Lineage inside() { return {{"run-1", "reporter", 5, "/sluice/run-1", "alice", "alice", ""}}; }

class ApiTest : public testing::Test {
 protected:
  Response call(const std::string& method, const std::string& target,
                const std::string& body = "{}") {
    const auto found = route(method, target);
    if (const auto* refusal = std::get_if<Refusal>(&found)) return refuse(*refusal);
    return api.handle(caller, std::get<Route>(found), body);
  }

  FakeBackend backend;
  Api api{backend};
  Caller caller{0, 0, 100, -1, "root", {"root"}, "/", {}};
};

TEST_F(ApiTest, KnowsItsEndpointsAndNoOthers) {
  for (const char* target : {"/v1/status", "/v1/agents", "/v1/flows", "/v1/doctor", "/v1/sessions",
                             "/v1/approvals", "/v1/approvals?decided=1"})
    EXPECT_EQ(call("GET", target).status, 200U) << target;
  for (const char* target :
       {"/", "/v1", "/v1/status/", "/v1/Status", "//v1/status", "/v1/approvals/", "/v2/status",
        "/v1/approvals/ABC/approve", "/v1/approvals/../approve", "/v1/approvals/a b/approve",
        "/v1/approvals/aaaa/approve/x", "/v1/approvals/aaaa", "http://x/v1/status", "*", ""})
    EXPECT_EQ(call("GET", target).status, 404U) << target;
  for (const char* method : {"POST", "DELETE", "get", "OPTIONS"})
    EXPECT_EQ(call(method, "/v1/status").status, 404U) << method;
  EXPECT_EQ(call("GET", "/v1/runs").status, 404U);
}

TEST_F(ApiTest, RefusesQueriesItDoesNotKnow) {
  EXPECT_EQ(call("GET", "/v1/status?x=1").status, 400U);
  EXPECT_EQ(call("GET", "/v1/approvals?decided=yes").status, 400U);
  EXPECT_EQ(call("GET", "/v1/approvals?all=1").status, 400U);
  EXPECT_EQ(call("GET", "/v1/approvals?after=-1").status, 400U);
  EXPECT_EQ(call("GET", "/v1/approvals?after=99999999999999999999").status, 400U);
}

TEST_F(ApiTest, RefusesBodiesItDoesNotUnderstand) {
  for (const char* body :
       {"", "x", "[]", "null", "{\"agent\":1}", "{\"agent\":\"a\",\"extra\":1}", "{}",
        "{\"agent\":\"\"}", "{\"agent\":\"a\\u0007\"}", "{\"agent\":\"a\",\"task\":\"x\\ny\"}",
        "{\"agent\":\"a\"} {}", "{\"agent\":\"\xff\"}", "{\"agent\":\"a\",\"agent\":2}"})
    EXPECT_EQ(call("POST", "/v1/runs", body).status, 400U) << body;
  EXPECT_EQ(call("POST", "/v1/runs", std::string(1000, '[')).status, 400U);
  EXPECT_EQ(call("POST", "/v1/runs", "{\"agent\":\"" + std::string(2000, 'a') + "\"}").status,
            400U);
  EXPECT_FALSE(backend.last_run);
}

TEST_F(ApiTest, HandsTheRequestOverWhole) {
  EXPECT_EQ(
      call("POST", "/v1/approvals/abcd2345/approve", R"({"note":"n","grant_for_s":900})").status,
      200U);
  ASSERT_TRUE(backend.last_vote);
  EXPECT_EQ(backend.last_vote->ticket, "abcd2345");
  EXPECT_TRUE(backend.last_vote->approve);
  EXPECT_EQ(backend.last_vote->note, "n");
  EXPECT_EQ(backend.last_vote->grant_for, std::chrono::seconds{900});
  EXPECT_TRUE(backend.last()->scope.named);

  call("POST", "/v1/approvals/abcd2345/deny", R"({"note":"because"})");
  EXPECT_FALSE(backend.last_vote->approve);
  EXPECT_FALSE(backend.last_vote->grant_for);

  call("POST", "/v1/revoke", R"({"target":"reporter"})");
  EXPECT_EQ(backend.last_revoke->target, "reporter");
}

TEST_F(ApiTest, ACallerInsideARunCannotDecideOrSeeMoreThanItsOwn) {
  caller.lineage = inside();
  caller.groups = {"sluice"};
  backend.approver = backend.launcher = true;
  for (const char* target : {"/v1/approvals/abcd2345/approve", "/v1/approvals/abcd2345/deny",
                             "/v1/revoke", "/v1/policy/reload"}) {
    const Response response = call("POST", target);
    EXPECT_EQ(response.status, 403U) << target;
    EXPECT_TRUE(response.refused);
    EXPECT_THAT(response.reason, HasSubstr("inside a run"));
  }
  EXPECT_FALSE(backend.last());
  EXPECT_EQ(call("GET", "/v1/approvals").status, 200U);
  EXPECT_TRUE(backend.last()->scope.own_run);
  EXPECT_FALSE(backend.last()->scope.everything);
}

TEST_F(ApiTest, AStartedRunEndsTheConnection) {
  EXPECT_TRUE(call("POST", "/v1/runs", R"({"agent":"reporter"})").close_after);
  EXPECT_FALSE(call("GET", "/v1/status").close_after);
}

TEST_F(ApiTest, ACallerWhoseRunsCannotBeToldIsRefused) {
  backend.runs_around = [](const std::string&) -> Answer<Lineage> {
    return Refusal{Refusal::Kind::kUnavailable, "starting"};
  };
  EXPECT_TRUE(std::holds_alternative<Refusal>(api.place(caller)));
}

TEST_F(ApiTest, RefusalsOfTheBackendBecomeStatusAndSentence) {
  struct Row {
    Refusal::Kind kind;
    unsigned status;
  };
  for (const Row& row : {Row{Refusal::Kind::kInvalid, 400}, Row{Refusal::Kind::kForbidden, 403},
                         Row{Refusal::Kind::kNotFound, 404}, Row{Refusal::Kind::kConflict, 409},
                         Row{Refusal::Kind::kUnavailable, 503}, Row{Refusal::Kind::kFailed, 500}}) {
    backend.vote_reply = Refusal{row.kind, "why \"not\""};
    const Response response = call("POST", "/v1/approvals/abcd2345/approve");
    EXPECT_EQ(response.status, row.status);
    Refusal back;
    ASSERT_TRUE(read(*parse_json(response.body), back).ok());
    EXPECT_EQ(back.kind, row.kind);
    EXPECT_EQ(back.text, "why \"not\"");
  }
}

ApprovalRow approval_row() {
  ApprovalRow row;
  row.ticket = "abcd2345";
  row.state = "pending";
  row.intent.lineage = std::make_shared<Lineage>(inside());
  row.intent.statement = "DELETE FROM t -- \x1b[2J";
  row.intent.parameters = {"1", std::nullopt};
  row.intent.actions = {Action::kDelete, Action::kCopyOut};
  row.rule = "r";
  row.approvers = {{"alice"}, {"dba"}, 2};
  row.votes = {{"alice", true, "ok", WallTime{std::chrono::seconds{5}}}};
  row.recent = {{"SELECT 1", "allow", WallTime{std::chrono::seconds{4}}}};
  row.expires_at = WallTime{std::chrono::nanoseconds{1'800'000'000'000'000'001}};
  return row;
}

TEST(Codec, ReportsComeBackAsTheyWere) {
  ApprovalsReport report;
  report.version = 9;
  report.approvals.push_back(approval_row());
  report.grants.push_back({"grant-1", "abcd2345", "run-1", "reporter", "orders", "shop", "x",
                           "alice", WallTime{std::chrono::seconds{7}}});
  ApprovalsReport back;
  const auto document = parse_json(boost::json::serialize(to_json(report)));
  ASSERT_TRUE(document.ok());
  const auto ok = read(*document, back);
  ASSERT_TRUE(ok.ok()) << ok.error().text();
  EXPECT_EQ(boost::json::serialize(to_json(back)), boost::json::serialize(to_json(report)));
  EXPECT_EQ(back.approvals[0].expires_at, report.approvals[0].expires_at);
  EXPECT_EQ(back.approvals[0].intent.actions, report.approvals[0].intent.actions);
}

TEST(Codec, AnEstimateComesBackOrIsNull) {
  for (const std::optional<std::uint64_t> rows : {std::optional<std::uint64_t>{7}, {}}) {
    ApprovalsReport report;
    report.approvals.push_back(approval_row());
    report.approvals[0].estimated_rows = rows;
    ApprovalsReport back;
    ASSERT_TRUE(read(to_json(report), back).ok());
    EXPECT_EQ(back.approvals[0].estimated_rows, rows);
    EXPECT_EQ(back.approvals[0].recent[0].statement, "SELECT 1");
  }
}

TEST(Codec, AStatusComesBackWithAHashOf64Bits) {
  StatusReport report;
  report.policy_version = 0xffffffffffffffffULL;
  report.counters = {{"denied", 3}};
  report.rule_hits = {{"nobody reads", 7}};
  StatusReport back;
  ASSERT_TRUE(read(to_json(report), back).ok());
  EXPECT_EQ(back.policy_version, report.policy_version);
  ASSERT_EQ(back.counters.size(), 1U);
  EXPECT_EQ(back.counters[0].value, 3U);
  ASSERT_EQ(back.rule_hits.size(), 1U);
  EXPECT_EQ(back.rule_hits[0].name, "nobody reads");
  EXPECT_EQ(back.rule_hits[0].value, 7U);
}

TEST(Codec, BytesThatAreNoUtf8DoNotBreakADocument) {
  ApprovalsReport report;
  report.approvals.push_back(approval_row());
  report.approvals[0].intent.statement = "SELECT '\xff\xc0\x80\xed\xa0\x80'";
  EXPECT_TRUE(parse_json(boost::json::serialize(to_json(report))).ok());
}

TEST(Codec, AMissingKeyIsNamed) {
  StatusReport out;
  const auto ok = read(*parse_json("{\"version\":\"1\"}"), out);
  ASSERT_FALSE(ok.ok());
  EXPECT_THAT(ok.error().text(), HasSubstr("'enforcing' is missing"));
}

}  // namespace
}  // namespace sluice::control
