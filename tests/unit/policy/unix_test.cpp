// SPDX-License-Identifier: Apache-2.0
// What a lineage may do with Unix sockets.
#include "policy/unix_names.h"
#include "support.h"

#include <algorithm>
#include <cerrno>
#include <optional>

namespace sluice::policy {
namespace {

const std::string kPolicy = R"(version: 1
agents:
  a: { unix_direct: [/srv/one.sock, /srv/two.sock] }
  b: { unix: deny, unix_builtin: [syslog], unix_direct: [/srv/two.sock] }
  c: { unix: any, unix_builtin: none }
resources:
  db:
    protocol: postgres
    address: ["unix:/var/run/postgresql/.s.PGSQL.5432"]
    login: { user: u, password_file: /s/db }
  raw: { protocol: tcp, address: ["unix:/srv/raw.sock", "10.0.0.1:1"] }
  logs: { protocol: tcp, address: ["unix:/dev/log"] }
rules:
  - { name: reads, agents: [a, c], resources: [db], actions: [read], verdict: allow }
  - { name: raws, agents: [a], resources: [raw], actions: [connect], verdict: allow }
)";

using Agents = std::vector<std::string>;

std::optional<UnixVerdict> verdict_at(const Agents& agents, const std::string& name) {
  const auto policy = compiled(kPolicy);
  for (const UnixEntry& entry : policy->unix_entries(agents))
    if (entry.name == name) return entry.verdict;
  return std::nullopt;
}

TEST(UnixEntries, SteerResourcesInEachSpelling) {
  EXPECT_EQ(verdict_at({"a"}, "/run/postgresql/.s.PGSQL.5432"), UnixVerdict::kSteer);
  EXPECT_EQ(verdict_at({"a"}, "/var/run/postgresql/.s.PGSQL.5432"), UnixVerdict::kSteer);
  EXPECT_EQ(verdict_at({"a"}, "/srv/raw.sock"), UnixVerdict::kSteer)
      << "what TCP would let go direct is relayed, so that no descriptor passes";
}

TEST(UnixEntries, DenyResourcesThatSomeMemberCannotReach) {
  EXPECT_EQ(verdict_at({"c"}, "/srv/raw.sock"), UnixVerdict::kDeny);
  EXPECT_EQ(verdict_at({"a", "b"}, "/run/postgresql/.s.PGSQL.5432"), UnixVerdict::kDeny);
  EXPECT_EQ(verdict_at({"a"}, "/dev/log"), UnixVerdict::kDeny) << "a resource beats the list";
}

TEST(UnixEntries, LetGoWhatEveryMemberLists) {
  EXPECT_EQ(verdict_at({"a"}, "/srv/one.sock"), UnixVerdict::kDirect);
  EXPECT_EQ(verdict_at({"a", "b"}, "/srv/one.sock"), std::nullopt);
  EXPECT_EQ(verdict_at({"a", "b"}, "/srv/two.sock"), UnixVerdict::kDirect);
  EXPECT_EQ(verdict_at({"a"}, "/var/run/nscd/socket"), UnixVerdict::kDirect);
  EXPECT_EQ(verdict_at({"a", "b"}, "/run/nscd/socket"), std::nullopt);
  EXPECT_EQ(verdict_at({"a", "b"}, "/run/systemd/journal/socket"), UnixVerdict::kDirect);
  EXPECT_EQ(verdict_at({"c"}, "/run/systemd/journal/socket"), std::nullopt);
}

TEST(UnixEntries, OfOthersTheStrictestMemberDecides) {
  EXPECT_EQ(verdict_at({"a"}, ""), UnixVerdict::kOwn);
  EXPECT_EQ(verdict_at({"c"}, ""), UnixVerdict::kDirect);
  EXPECT_EQ(verdict_at({"c", "a"}, ""), UnixVerdict::kOwn);
  EXPECT_EQ(verdict_at({"c", "a", "b"}, ""), UnixVerdict::kDeny);
  EXPECT_TRUE(compiled(kPolicy)->unix_entries({"a", "z"}).empty());
}

TEST(UnixEntries, HaveAnErrnoWhereTheyDeny) {
  const auto policy = compiled(kPolicy);
  for (const Agents& agents : {Agents{"a"}, Agents{"b"}, Agents{"c"}, Agents{"a", "b"}})
    for (const UnixEntry& entry : policy->unix_entries(agents))
      EXPECT_EQ(entry.denied_errno, entry.verdict == UnixVerdict::kDeny ? EACCES : 0) << entry.name;
}

TEST(UnixResource, IsFoundBySpellingAndNotByAnotherName) {
  const auto policy = compiled(kPolicy);
  const auto name_at = [&](const Agents& agents, const std::string& path) -> std::string {
    const Resource* resource = policy->resource_for_unix(agents, path);
    return resource == nullptr ? "" : resource->name;
  };
  EXPECT_EQ(name_at({"a"}, "/run/postgresql/.s.PGSQL.5432"), "db");
  EXPECT_EQ(name_at({"a"}, "/var/run/postgresql/.s.PGSQL.5432"), "db");
  EXPECT_EQ(name_at({"a"}, "/run/postgresql/.s.PGSQL.5433"), "");
  EXPECT_EQ(name_at({"z"}, "/srv/raw.sock"), "");
}

TEST(UnixNames, OfTheBuiltInGroupsAreCanonicalAndPossible) {
  EXPECT_EQ(unix_builtin_groups(), (Agents{"nscd", "resolver", "syslog"}));
  for (const std::string& group : unix_builtin_groups())
    for (const std::string& path : unix_builtin_paths(group)) {
      EXPECT_EQ(what_is_wrong_with_unix_path(path), nullptr) << path;
      EXPECT_EQ(canonical_unix_path(path), path);
    }
}

}  // namespace
}  // namespace sluice::policy
