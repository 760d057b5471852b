// SPDX-License-Identifier: Apache-2.0
// Which resource a destination is, what the kernel may decide alone, and who may start an agent.
#include "support.h"

#include <cerrno>

namespace sluice::policy {
namespace {

Endpoint to(const std::string& ip, std::uint16_t port) { return {*parse_ip(ip), port}; }

std::string name_at(const Policy& policy, const std::vector<std::string>& agents,
                    const std::string& ip, std::uint16_t port, const AddressBook& book = {}) {
  const Resource* resource = policy.resource_for(agents, to(ip, port), book);
  return resource == nullptr ? "" : resource->name;
}

const ConnectEntry* entry_at(const std::vector<ConnectEntry>& entries, const std::string& ip,
                             std::uint16_t port, std::uint8_t ip_protocol = 6) {
  for (const ConnectEntry& entry : entries)
    if (entry.network == *parse_ip(ip) && entry.port == port && entry.ip_protocol == ip_protocol)
      return &entry;
  return nullptr;
}

const std::string kNested = R"(version: 1
agents: { a: , b: , c: }
resources:
  wide: { protocol: tcp, address: ["10.0.0.0/8:443", "[2001:db8::]/32:443"] }
  narrow: { protocol: tcp, address: ["10.1.0.0/16:443"] }
  one: { protocol: tcp, address: ["db.internal:443"] }
  twin: { protocol: tcp, address: ["10.1.0.0/16:443"] }
rules:
  - { name: x, agents: [a], resources: [wide, narrow, one], verdict: allow }
  - { name: y, agents: [b], resources: [twin], verdict: allow }
)";

TEST(ResourceFor, TheMostSpecificNetworkWins) {
  const auto policy = compiled(kNested);
  EXPECT_EQ(name_at(*policy, {"a"}, "10.2.0.1", 443), "wide");
  EXPECT_EQ(name_at(*policy, {"a"}, "10.1.0.1", 443), "narrow");
  EXPECT_EQ(name_at(*policy, {"a"}, "10.1.0.1", 444), "");
  EXPECT_EQ(name_at(*policy, {"a"}, "11.1.0.1", 443), "");
  EXPECT_EQ(name_at(*policy, {"a"}, "2001:db8:1::1", 443), "wide");
  EXPECT_EQ(name_at(*policy, {"a"}, "2001:db9::1", 443), "");
  EXPECT_EQ(name_at(*policy, {"z"}, "10.2.0.1", 443), "") << "an agent that is not in the policy";
}

TEST(ResourceFor, HostNamesMeanWhatTheAddressBookSays) {
  const auto policy = compiled(kNested);
  EXPECT_EQ(policy->host_names(), std::vector<std::string>{"db.internal"});
  AddressBook book;
  book.set("db.internal", {*parse_ip("10.1.0.9"), *parse_ip("10.1.0.7")});
  EXPECT_EQ(name_at(*policy, {"a"}, "10.1.0.7", 443, book), "one");
  EXPECT_EQ(name_at(*policy, {"a"}, "10.1.0.8", 443, book), "narrow");
}

TEST(ResourceFor, OfTwinsTheOneThatTheAgentReachesIsMeant) {
  const auto policy = compiled(kNested);
  EXPECT_EQ(name_at(*policy, {"b"}, "10.1.0.1", 443), "twin");
  EXPECT_EQ(name_at(*policy, {"a", "b"}, "10.1.0.1", 443), "twin") << "the rules then deny it";
  EXPECT_EQ(name_at(*policy, {"c"}, "10.1.0.1", 443), "") << "cannot be told apart";
}

TEST(ResourceFor, TwoResourcesWhoseNamesResolveToOneAddressCannotBeToldApart) {
  const auto policy = compiled(R"(version: 1
agents: { a: }
resources:
  r: { protocol: tcp, address: ["r:1"] }
  s: { protocol: tcp, address: ["s:1"] }
rules: [{ name: x, verdict: allow }]
)");
  AddressBook book;
  book.set("r", {*parse_ip("10.0.0.1")});
  EXPECT_EQ(name_at(*policy, {"a"}, "10.0.0.1", 1, book), "r");
  book.set("s", {*parse_ip("10.0.0.1")});
  EXPECT_EQ(name_at(*policy, {"a"}, "10.0.0.1", 1, book), "");
  const auto entries = policy->connect_entries({"a"}, book);
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].verdict, ConnectVerdict::kDeny);
}

TEST(Inbound, IsTheStrictestOfTheLineage) {
  const auto policy = compiled(R"(version: 1
agents: { silent: , closed: { inbound: none }, open: { inbound: loopback }, own: { inbound: own_run } }
)");
  EXPECT_EQ(policy->inbound({"open"}), Inbound::kLoopback);
  EXPECT_EQ(policy->inbound({"silent"}), Inbound::kOwnRun);
  EXPECT_EQ(policy->inbound({"open", "own"}), Inbound::kOwnRun);
  EXPECT_EQ(policy->inbound({"closed", "open"}), Inbound::kNone);
  EXPECT_EQ(policy->inbound({"open", "unknown"}), Inbound::kNone);
  EXPECT_EQ(policy->inbound({}), Inbound::kNone);
}

TEST(OpenConnections, AreKilledWhereThePolicyIsSilent) {
  const auto policy = compiled(R"(version: 1
agents:
  a: { match: { cgroup: /a } }
  b: { match: { cgroup: /b, open_connections: keep } }
)");
  EXPECT_FALSE(policy->agent_named("a")->keeps_open_connections);
  EXPECT_TRUE(policy->agent_named("b")->keeps_open_connections);
}

TEST(ConnectEntries, AreDirectForUnconditionalAllowsOfTheWholeLineage) {
  const auto policy =
      world({"name: net, agents: [a, b], resources: [net, ns], verdict: allow",
             "name: db, agents: [a], resources: [db], actions: [read], verdict: allow"});
  const auto entries = policy->connect_entries({"a"}, {});
  const auto* net = entry_at(entries, "10.1.0.0", 443);
  ASSERT_NE(net, nullptr);
  EXPECT_EQ(net->verdict, ConnectVerdict::kDirect);
  EXPECT_EQ(net->prefix_length, 96 + 16);
  EXPECT_EQ(policy->rule_name(net->rule), "net");
  EXPECT_EQ(entry_at(entries, "10.1.0.0", 443, 17), nullptr) << "tcp is no datagrams";
  EXPECT_EQ(entry_at(entries, "127.0.0.53", 53)->verdict, ConnectVerdict::kDirect);
  EXPECT_EQ(entry_at(entries, "127.0.0.53", 53, 17)->verdict, ConnectVerdict::kDirect);
  EXPECT_EQ(entry_at(entries, "10.0.0.5", 5432)->verdict, ConnectVerdict::kSteer);
  const auto* unreachable = entry_at(entries, "10.0.0.6", 5432);
  EXPECT_EQ(unreachable->verdict, ConnectVerdict::kDeny);
  EXPECT_EQ(unreachable->denied_errno, EACCES);
  const auto nested = policy->connect_entries({"a", "b", "c"}, {});
  for (const ConnectEntry& entry : nested)
    EXPECT_EQ(entry.verdict, entry.port == 53 ? ConnectVerdict::kSteer : ConnectVerdict::kDeny)
        << "where no rule allows the name server itself, the daemon answers";
  EXPECT_EQ(policy->connect_entries({"a", "b"}, {}).front().verdict, ConnectVerdict::kDeny)
      << "b does not reach the database";
}

TEST(ConnectEntries, AreSteeredWhereSomebodyMustJudge) {
  const auto verdict_of = [](const std::vector<std::string>& rules, const char* ip = "10.1.0.0",
                             std::uint16_t port = 443, std::uint8_t ip_protocol = 6) {
    const auto policy = world(rules);
    return entry_at(policy->connect_entries({"a"}, {}), ip, port, ip_protocol)->verdict;
  };
  EXPECT_EQ(verdict_of({"name: x, verdict: hold"}), ConnectVerdict::kSteer);
  EXPECT_EQ(verdict_of({"name: x, when: { hours: \"08:00-09:00\" }, verdict: allow"}),
            ConnectVerdict::kSteer);
  EXPECT_EQ(verdict_of(
                {"name: x, verdict: allow", "name: y, when: { on_behalf_of: [u] }, verdict: deny"}),
            ConnectVerdict::kSteer);
  EXPECT_EQ(verdict_of({"name: x, verdict: allow", "name: y, verdict: deny, mode: observe"}),
            ConnectVerdict::kSteer)
      << "what would have happened is to be recorded";
  EXPECT_EQ(verdict_of({"name: x, verdict: allow",
                        "name: y, agents: [a], resources: [net], verdict: deny"}),
            ConnectVerdict::kDeny);
  EXPECT_EQ(
      verdict_of({"name: x, verdict: allow", "name: y, when: { tables: [s.t] }, verdict: deny"}),
      ConnectVerdict::kDirect)
      << "a condition on statements says nothing about a connect";
  EXPECT_EQ(verdict_of({"name: x, verdict: hold"}, "127.0.0.53", 53, 17), ConnectVerdict::kSteer)
      << "to the daemon's own resolver";
  EXPECT_EQ(verdict_of({"name: x, resources: [ns], verdict: deny"}, "127.0.0.53", 53, 17),
            ConnectVerdict::kDeny);
}

const std::string kLaunch = R"(version: 1
agents:
  plain:
  reporter: { launchers: { users: [alice], groups: [data] }, may_speak_for: { groups: [staff] } }
  child: { launchers: { users: [alice] }, parents: [reporter] }
)";

bool may(const std::string& agent, const std::string& user, const std::vector<std::string>& groups,
         const std::string& behalf, const std::vector<std::string>& behalf_groups = {},
         const Lineage* parent = nullptr) {
  const auto policy = compiled(kLaunch);
  return policy->may_launch({agent, user, groups, behalf, behalf_groups, parent}).ok();
}

TEST(Launch, IsForRootAndTheGroupSluiceWhereThePolicyIsSilent) {
  EXPECT_TRUE(may("plain", "root", {}, "root"));
  EXPECT_TRUE(may("plain", "bob", {"sluice"}, "bob"));
  EXPECT_FALSE(may("plain", "bob", {"users"}, "bob"));
  EXPECT_FALSE(may("nobody", "root", {}, "root"));
}

TEST(Launch, IsForTheNamedLaunchersOnly) {
  EXPECT_TRUE(may("reporter", "alice", {}, "alice"));
  EXPECT_TRUE(may("reporter", "bob", {"x", "data"}, "bob"));
  EXPECT_FALSE(may("reporter", "bob", {"x"}, "bob"));
  EXPECT_FALSE(may("reporter", "root", {}, "root")) << "the policy names who";
}

TEST(Launch, SpeaksForOthersOnlyWhereThePolicySaysSo) {
  EXPECT_TRUE(may("reporter", "alice", {}, "carol", {"staff"}));
  EXPECT_FALSE(may("reporter", "alice", {}, "carol", {"data"}));
  EXPECT_FALSE(may("plain", "root", {}, "carol", {"staff"}));
  EXPECT_FALSE(may("reporter", "alice", {}, "")) << "nobody is not oneself";
}

TEST(Launch, OfASubagentFollowsItsParents) {
  const auto parent = lineage_of({"reporter"});
  const auto stranger = lineage_of({"reporter", "plain"});
  EXPECT_TRUE(may("child", "alice", {}, "alice", {}, parent.get()));
  EXPECT_TRUE(may("child", "alice", {}, "alice")) << "parents is about subagents";
  EXPECT_FALSE(may("child", "alice", {}, "alice", {}, stranger.get()));
}

TEST(Launch, OfASubagentInheritsWhomItsParentActsFor) {
  auto parent = *lineage_of({"reporter"});
  parent.back().on_behalf_of = "carol";
  EXPECT_TRUE(may("child", "alice", {}, "carol", {}, &parent));
  EXPECT_FALSE(may("child", "alice", {}, "dave", {}, &parent));
}

TEST(Policy, ListsWhatOthersNeedOfIt) {
  const auto policy = world({"name: x, verdict: allow"});
  EXPECT_EQ(policy->secret_files(), (std::vector<std::string>{"/s/db", "/s/db2"}));
  EXPECT_EQ(policy->agents().size(), 3U);
  EXPECT_NE(policy->agent_named("b"), nullptr);
  EXPECT_EQ(policy->agent_named("z"), nullptr);
  EXPECT_EQ(policy->resource_named("db")->login->user, "u");
  EXPECT_EQ(policy->rule_name(1), "x");
  EXPECT_EQ(policy->rule_name(0), "");
  EXPECT_EQ(policy->rule_name(2), "");
}

}  // namespace
}  // namespace sluice::policy
