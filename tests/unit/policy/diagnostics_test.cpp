// SPDX-License-Identifier: Apache-2.0
// Every mistake in a policy is found where it stands, and the finding says what to write instead.
#include "support.h"

#include <ostream>
#include <string>
#include <vector>

namespace sluice::policy {
namespace {

struct Mistake {
  const char* name;
  std::string text;
  std::string at;       // "line:column"
  std::string message;  // part of it
  std::string hint;     // part of it
};

// The world of support.h has 16 lines; a rule stands on line 17 and begins in column 5.
std::string rule(const std::string& fields) { return kWorld + "  - { " + fields + " }\n"; }
std::string agent(const std::string& text) { return "version: 1\nagents:\n" + text; }
std::string resource(const std::string& text) { return "version: 1\nresources:\n  r:\n" + text; }
std::string address(const std::string& text) {
  return resource("    protocol: tcp\n    address: [\"" + text + "\"]\n");
}

std::vector<Mistake> document_mistakes() {
  return {
      {"empty", "", "1:1", "file is empty", "version: 1"},
      {"no_version", "agents: {}\n", "1:1", "needs the key 'version'", "version: 1"},
      {"wrong_version", "version: 2\n", "1:10", "version '2'", "write version: 1"},
      {"unknown_key", "version: 1\nrulez: []\n", "2:1", "unknown key 'rulez'", "'rules'"},
      {"repeated_key", "version: 1\nversion: 1\n", "2:1", "is there twice", "p.yaml:1:1"},
      {"two_documents", "version: 1\n---\nversion: 1\n", "2:1", "second document", "---"},
      {"anchor", "version: &v 1\n", "1:10", "anchor", "write the value out"},
      {"alias", "version: *v\n", "1:10", "", ""},
      {"tag", "version: !!int 1\n", "1:10", "tag", "remove it"},
      {"tab", "version: 1\nagents:\n\ta: {}\n", "3:1", "tab", "spaces"},
      {"not_utf8", "version: 1\n# \xff\n", "2:3", "not UTF-8", "UTF-8"},
      {"control", "version: 1 # \x1b[2J\n", "1:14", "U+001B", "remove"},
      {"bidirectional", "version: 1 # \xe2\x80\xae\n", "1:14", "U+202E", "remove"},
      {"not_yaml", "version: 1\nagents: [\n", "3:1", "not YAML", "brackets"},
      {"list_at_top", "- a\n", "1:1", "must be a map", "key: value"},
      {"list_as_key", "version: 1\n? [a]\n: b\n", "2:3", "a key must be one word", ""},
      {"rules_not_list", "version: 1\nrules: { a: b }\n", "2:8", "must be a list", "- name:"},
      {"require", "version: 1\nrequire: [\"A B\"]\n", "2:11", "guarantee", "sluice doctor"},
  };
}

std::vector<Mistake> agent_mistakes() {
  return {
      {"bad_name", agent("  \"a b\": {}\n"), "3:3", "cannot be the name of an agent", "letters"},
      {"any_name", agent("  any: {}\n"), "3:3", "'any' cannot be the name", "another name"},
      {"twice", agent("  a: {}\n  a: {}\n"), "4:3", "agent 'a' is there twice", "p.yaml:3:3"},
      {"unknown_key", agent("  a: { launcher: {} }\n"), "3:8", "'launcher'", "'launchers'"},
      {"scalar", agent("  a: yes\n"), "3:6", "must be a map, not a single value", "key: value"},
      {"nobody", agent("  a: { launchers: {} }\n"), "3:19", "names nobody", "users"},
      {"users_scalar", agent("  a: { launchers: { users: bob } }\n"), "3:28", "must be a list",
       "[alice, bob]"},
      {"bad_user", agent("  a: { launchers: { users: [\"b c\"] } }\n"), "3:29", "name of a user",
       "/etc/passwd"},
      {"unknown_parent", agent("  a: { parents: [z] }\n"), "3:18", "no agent 'z'", "agents:"},
      {"match_without_cgroup", agent("  a: { match: {} }\n"), "3:15", "needs the key 'cgroup'",
       "/system.slice"},
      {"root_cgroup", agent("  a: { match: { cgroup: / } }\n"), "3:25", "must not be the root",
       "/proc/PID/cgroup"},
      {"relative_cgroup", agent("  a: { match: { cgroup: x } }\n"), "3:25", "begin with '/'", ""},
      {"dots_in_cgroup", agent("  a: { match: { cgroup: /x/../y } }\n"), "3:25", "'..'", ""},
      {"long_name_in_cgroup",
       agent("  a: { match: { cgroup: /x/" + std::string(91, 'y') + " } }\n"), "3:25",
       "more than 90 bytes", ""},
      {"inbound", agent("  a: { inbound: any }\n"), "3:17", "'any' says nobody", "own_run"},
      {"open_connections", agent("  a: { match: { cgroup: /x, open_connections: drop } }\n"),
       "3:47", "'drop' is not", "'kill'"},
      {"same_cgroup", agent("  a: { match: { cgroup: /x } }\n  b: { match: { cgroup: /x } }\n"),
       "4:25", "already agent 'a'", "p.yaml:3:25"},
      {"unix_choice", agent("  a: { unix: some }\n"), "3:14", "'some' is not", "'own'"},
      {"unix_group", agent("  a: { unix_builtin: [syslogd] }\n"), "3:23",
       "no group of Unix sockets", "'syslog'"},
      {"unix_direct_relative", agent("  a: { unix_direct: [x.sock] }\n"), "3:22",
       "must begin with '/'", "cups.sock"},
      {"unix_direct_dots", agent("  a: { unix_direct: [/run/../x] }\n"), "3:22",
       "must not hold empty parts", "cups.sock"},
  };
}

std::vector<Mistake> resource_mistakes() {
  const std::string login = "    login: { user: u, password_file: /s }\n";
  const std::string start = "    protocol: postgres\n    address: [\"h:1\"]\n";
  return {
      {"protocol", resource("    protocol: postgre\n    address: [\"h:1\"]\n"), "4:15",
       "'postgre' is not a value", "did you mean 'postgres'? allowed: "},
      {"mysql", resource("    protocol: mysql\n    address: [\"h:1\"]\n"), "4:15",
       "not supported by this build yet", "postgres"},
      {"no_protocol", resource("    address: [\"h:1\"]\n"), "4:5", "needs the key 'protocol'", ""},
      {"no_address", resource("    protocol: tcp\n"), "4:5", "needs the key 'address'", ""},
      {"no_login", resource(start), "4:5", "needs the key 'login'", "password_file"},
      {"password", resource(start + "    login: { user: u, password: p, password_file: /s }\n"),
       "6:23", "password must not stand", "password_file"},
      {"relative_secret", resource(start + "    login: { user: u, password_file: s }\n"), "6:38",
       "absolute path", "/etc/sluice"},
      {"tls", resource(start + login + "    upstream_tls: verify\n"), "7:19", "'verify' is not",
       "verify-full"},
      {"switch", resource(start + login + "    on_sensitive_copy: no\n"), "7:24", "'no' is not",
       "'hold'"},
      {"mask", resource(start + login + "    sensitive: [{ column: a.b.c, mask: hide }]\n"), "7:40",
       "'hide' is not", "'redact'"},
      {"no_mask", resource(start + login + "    sensitive: [{ column: a.b.c }]\n"), "7:17",
       "needs the key 'mask'", "redact"},
      {"column_parts", resource(start + login + "    sensitive: [{ column: b.c, mask: hash }]\n"),
       "7:27", "has 2 parts", "schema.table.column"},
      {"column_glob",
       resource(start + login + "    sensitive: [{ column: \"a.b.c*\", mask: hash }]\n"), "7:27",
       "whole part only", "*.*.email"},
      {"column_case", resource(start + login + "    sensitive: [{ column: a.B.c, mask: hash }]\n"),
       "7:27", "bad column", "lower case"},
      {"column_and_detect",
       resource(start + login + "    sensitive: [{ column: a.b.c, detect: [jwt], mask: hash }]\n"),
       "7:17", "either 'column' or 'detect'", "column"},
      {"detector", resource(start + login + "    sensitive: [{ detect: [jwtt], mask: hash }]\n"),
       "7:28", "no detector 'jwtt'", "'jwt'"},
      {"login_on_tcp", resource("    protocol: tcp\n    address: [\"h:1\"]\n" + login), "6:5",
       "no meaning for protocol tcp", "remove"},
      {"dns_elsewhere", resource("    protocol: dns\n    address: [\"10.0.0.1:53\"]\n"), "5:15",
       "resolver on this host", "127.0.0.53"},
      {"no_port", address("db"), "5:15", "bad address", "port is missing"},
      {"port_zero", address("db:0"), "5:15", "bad address", "1 to 65535"},
      {"port_large", address("db:65536"), "5:15", "bad address", "1 to 65535"},
      {"host_bits", address("10.0.0.5/24:1"), "5:15", "bad address", "10.0.0.0/24:1"},
      {"host_bits_v6", address("[2001:db8::1]/64:1"), "5:15", "bad address", "[2001:db8::]/64:1"},
      {"prefix", address("10.0.0.0/33:1"), "5:15", "bad address", "/0 to /32"},
      {"octet", address("10.0.0.300:1"), "5:15", "bad address", "neither a host name"},
      {"bare_v6", address("::1"), "5:15", "bad address", "brackets"},
      {"all_v6", address("[::]/0:1"), "5:15", "bad address", "0.0.0.0/0 for IPv4"},
      {"bracket", address("[::1:1"), "5:15", "bad address", "not closed"},
      {"unix_relative", address("unix:x"), "5:15", "bad address", "absolute path"},
      {"unix_dots", address("unix:/run/./x"), "5:15", "bad address", "empty parts"},
      {"unix_twice",
       resource("    protocol: tcp\n    address: [\"unix:/run/x\", \"unix:/var/run/x\"]\n"), "5:30",
       "twice", "remove one"},
      {"repeated_address", resource("    protocol: tcp\n    address: [\"h:1\", \"H:1\"]\n"), "5:22",
       "twice", "remove one"},
  };
}

std::vector<Mistake> rule_mistakes() {
  return {
      {"not_a_map", kWorld + "  - reads\n", "17:5", "must be a map", "name: reads"},
      {"no_name", rule("verdict: deny"), "17:5", "needs the key 'name'", "sentence"},
      {"no_verdict", rule("name: x"), "17:5", "needs the key 'verdict'", "allow, hold or deny"},
      {"verdict", rule("name: x, verdict: alow"), "17:25", "'alow' is not", "'allow'"},
      {"agent", rule("name: x, agents: [aa], verdict: deny"), "17:25", "no agent 'aa'", "'a'"},
      {"resource", rule("name: x, resources: [bd], verdict: deny"), "17:28", "no resource 'bd'",
       "'db'"},
      {"agents_scalar", rule("name: x, agents: a, verdict: deny"), "17:24", "must be a list",
       "agents: any"},
      {"any_in_list", rule("name: x, agents: [any], verdict: deny"), "17:25", "'any' cannot be",
       "without brackets"},
      {"action", rule("name: x, actions: [delet], verdict: deny"), "17:26", "no action 'delet'",
       "'delete'"},
      {"http_action", rule("name: x, actions: [get], verdict: deny"), "17:26",
       "does not support yet", "remove it"},
      {"empty_list", rule("name: x, actions: [], verdict: deny"), "17:25", "empty list", "remove"},
      {"tcp_read", rule("name: x, resources: [net], actions: [read], verdict: allow"), "17:28",
       "none of the actions", "'connect'"},
      {"mixed", rule("name: x, resources: [db], actions: [read, connect], verdict: allow"), "17:49",
       "has the action 'connect'", "'read'"},
      {"sql_when_on_tcp",
       rule("name: x, resources: [net], when: { tables: [a.b] }, verdict: allow"), "17:40",
       "speaks tcp", "on_behalf_of"},
      {"connect_when", rule("name: x, actions: [connect], when: { tables: [a.b] }, verdict: deny"),
       "17:26", "cannot be narrowed", "rule of its own"},
      {"unbounded_read", rule("name: x, actions: [read], when: { unbounded: true }, verdict: deny"),
       "17:39", "can never match", "update"},
      {"unbounded_word", rule("name: x, when: { unbounded: yes }, verdict: deny"), "17:35",
       "true or false", "true"},
      {"when_empty", rule("name: x, when: {}, verdict: deny"), "17:22", "is empty", "remove"},
      {"when_unknown", rule("name: x, when: { table: [a.b] }, verdict: deny"), "17:24",
       "unknown key 'table'", "'tables'"},
      {"when_http", rule("name: x, when: { paths: [a] }, verdict: deny"), "17:24",
       "not supported by this build yet", "postgres"},
      {"table_schema", rule("name: x, when: { tables: [b] }, verdict: deny"), "17:33",
       "bad pattern", "write public.b, or *.b"},
      {"table_case", rule("name: x, when: { tables: [a.B] }, verdict: deny"), "17:33",
       "bad pattern", "lower case"},
      {"hours", rule("name: x, when: { hours: \"8-18\" }, verdict: deny"), "17:31", "not a span",
       "08:00-18:00"},
      {"hours_empty", rule("name: x, when: { hours: \"08:00-08:00\" }, verdict: deny"), "17:31",
       "not a span", "00:00-24:00"},
      {"day",
       rule("name: x, when: { hours: { between: \"08:00-18:00\", days: [monday] } }, "
            "verdict: deny"),
       "17:64", "not a day", "mon"},
      {"timezone",
       rule("name: x, when: { hours: { between: \"08:00-18:00\", timezone: CET } }, "
            "verdict: deny"),
       "17:67", "not an offset", "+02:00"},
      {"approvers_on_allow", rule("name: x, verdict: allow, approvers: { users: [u] }"), "17:43",
       "only has a meaning with verdict: hold", "hold"},
      {"timeout_on_deny", rule("name: x, verdict: deny, timeout: 5m"), "17:40",
       "only has a meaning", "hold"},
      {"timeout", rule("name: x, verdict: hold, timeout: 10"), "17:40", "not a timeout",
       "unit is missing"},
      {"timeout_long", rule("name: x, verdict: hold, timeout: 25h"), "17:40", "not a timeout",
       "between 1s and 24h"},
      {"timeout_order", rule("name: x, verdict: hold, timeout: 5m1h"), "17:40", "not a timeout",
       "1h30m"},
      {"nobody_approves", rule("name: x, verdict: hold, approvers: { count: 1 }"), "17:42",
       "names nobody", "sluice"},
      {"too_many", rule("name: x, verdict: hold, approvers: { users: [u], count: 2 }"), "17:42",
       "nobody could approve", "lower the count"},
      {"count", rule("name: x, verdict: hold, approvers: { users: [u], count: 0 }"), "17:63",
       "whole number from 1", "1"},
      {"mode", rule("name: x, verdict: deny, mode: watch"), "17:37", "'watch' is not", "observe"},
      {"message", rule("name: x, verdict: deny, message: \"a\\nb\""), "17:40", "control characters",
       "sentence"},
      {"dns_hold", rule("name: x, resources: [ns], verdict: hold"), "17:42", "cannot be held",
       "allow or deny"},
      {"dns_when", rule("name: x, resources: [ns], when: { on_behalf_of: [u] }, verdict: allow"),
       "17:39", "cannot depend", "remove"},
      {"unknown_key", rule("name: x, verdict: deny, aproovers: {}"), "17:31",
       "unknown key 'aproovers'", "'approvers'"},
  };
}

std::vector<Mistake> rule_conflicts() {
  const auto pair = [](const std::string& first, const std::string& second) {
    return rule(first) + "  - { " + second + " }\n";
  };
  return {
      {"same_name", pair("name: x, actions: [read], verdict: allow", "name: x, verdict: deny"),
       "18:13", "rule 'x' is there twice", "p.yaml:17:13"},
      {"duplicate",
       pair("name: x, agents: [a, b], actions: [read], verdict: allow",
            "name: y, agents: [b, a], actions: [read], verdict: allow"),
       "18:13", "says the same as rule 'x' at p.yaml:17:13", "remove one"},
      {"contradiction",
       pair("name: x, agents: [a], actions: [read], when: { tables: [s.t] }, verdict: deny",
            "name: y, agents: [a], actions: [read], when: { tables: [s.t] }, verdict: allow"),
       "18:13", "contradicts rule 'x'", "narrow"},
      {"other_approvers",
       pair("name: x, actions: [read], verdict: hold",
            "name: y, actions: [read], verdict: hold, approvers: { users: [u] }"),
       "18:13", "contradicts rule 'x'", "remove one"},
      {"allow_under_deny",
       pair("name: x, agents: [a], resources: [db], actions: [read, insert], verdict: allow",
            "name: y, agents: any, verdict: deny"),
       "17:13", "rule 'x' can never decide: rule 'y' denies what it allows", "narrow 'y'"},
      {"hold_under_deny",
       pair("name: x, agents: [a], actions: [read], verdict: hold", "name: y, verdict: deny"),
       "17:13", "denies what it holds", "narrow 'y'"},
      {"allow_under_hold",
       pair("name: x, agents: [a], actions: [read], verdict: allow",
            "name: y, actions: [read, insert], verdict: hold"),
       "17:13", "holds what it allows", "narrow 'y'"},
      {"conditional_allow_under_deny",
       pair("name: x, actions: [read], when: { tables: [s.t] }, verdict: allow",
            "name: y, actions: [read], verdict: deny"),
       "17:13", "can never decide", "narrow 'y'"},
      {"shadowed_in_parts",
       rule("name: x, agents: [a], resources: [db], actions: [read, insert], verdict: allow") +
           "  - { name: y, actions: [read], verdict: deny }\n"
           "  - { name: z, resources: [db], actions: [insert], verdict: deny }\n",
       "17:13", "can never decide", "narrow"},
      {"any_agent_shadowed_one_by_one",
       rule("name: x, resources: [db], actions: [read], verdict: allow") +
           "  - { name: y, agents: [a, b], actions: [read], verdict: deny }\n"
           "  - { name: z, agents: [c], actions: [read], verdict: deny }\n",
       "17:13", "can never decide", "narrow"},
      {"same_address",
       "version: 1\nagents: { a: , b: }\nresources:\n  r: { protocol: tcp, address: [\"h:1\"] }\n"
       "  s: { protocol: tcp, address: [\"H.:1\"] }\nrules:\n"
       "  - { name: x, agents: [a], resources: [r, s], verdict: allow }\n",
       "5:33", "'r' and 's' have the same address, and agent 'a' reaches both", "p.yaml:4:33"},
  };
}

void PrintTo(const Mistake& mistake, std::ostream* out) { *out << mistake.name; }

class Mistakes : public ::testing::TestWithParam<Mistake> {};

TEST_P(Mistakes, AreFoundWhereTheyStandAndSayWhatToWrite) {
  const Mistake& mistake = GetParam();
  const CompileResult result = compile({{"p.yaml", mistake.text}});
  EXPECT_EQ(result.policy, nullptr);
  const std::string all = text_of(result.diagnostics);
  bool found = false;
  for (const Diagnostic& diagnostic : result.diagnostics) {
    const std::string at =
        std::to_string(diagnostic.line) + ":" + std::to_string(diagnostic.column);
    found = found ||
            (diagnostic.severity == Severity::kError && diagnostic.file == "p.yaml" &&
             at == mistake.at && diagnostic.message.find(mistake.message) != std::string::npos &&
             diagnostic.hint.find(mistake.hint) != std::string::npos);
  }
  EXPECT_TRUE(found) << "expected at " << mistake.at << ": " << mistake.message
                     << "\n  hint: " << mistake.hint << "\ngot:\n"
                     << all << "for:\n"
                     << mistake.text;
}

std::string name_of_case(const ::testing::TestParamInfo<Mistake>& info) { return info.param.name; }
INSTANTIATE_TEST_SUITE_P(Document, Mistakes, ::testing::ValuesIn(document_mistakes()),
                         name_of_case);
INSTANTIATE_TEST_SUITE_P(Agent, Mistakes, ::testing::ValuesIn(agent_mistakes()), name_of_case);
INSTANTIATE_TEST_SUITE_P(Resource, Mistakes, ::testing::ValuesIn(resource_mistakes()),
                         name_of_case);
INSTANTIATE_TEST_SUITE_P(Rule, Mistakes, ::testing::ValuesIn(rule_mistakes()), name_of_case);
INSTANTIATE_TEST_SUITE_P(Conflict, Mistakes, ::testing::ValuesIn(rule_conflicts()), name_of_case);

TEST(Diagnostics, ReadLikeThoseOfACompiler) {
  const Diagnostic diagnostic{"p.yaml", 3, 9, Severity::kError, "no", "yes"};
  EXPECT_EQ(diagnostic.text(), "p.yaml:3:9: error: no\n  hint: yes\n");
}

TEST(Diagnostics, OfAllFilesComeInOneRun) {
  const CompileResult result =
      compile({{"b.yaml", "version: 3\nx: 1\n"}, {"a.yaml", "version: 2\n"}});
  ASSERT_EQ(result.diagnostics.size(), 3U);
  EXPECT_EQ(result.diagnostics[0].file, "a.yaml");
  EXPECT_EQ(result.diagnostics[1].file, "b.yaml");
  EXPECT_EQ(result.diagnostics[2].line, 2U);
}

TEST(Diagnostics, NameTheOtherFileOfADuplicate) {
  const CompileResult result = compile(
      {{"a.yaml", "version: 1\nagents: { x: }\n"}, {"b.yaml", "version: 1\nagents: { x: }\n"}});
  ASSERT_FALSE(result.diagnostics.empty());
  EXPECT_EQ(result.diagnostics[0].file, "b.yaml");
  EXPECT_NE(result.diagnostics[0].hint.find("a.yaml:2:11"), std::string::npos);
}

TEST(Diagnostics, AreNotEndless) {
  std::string text = "version: 1\nagents:\n";
  for (int i = 0; i < 1000; ++i) text += "  \"bad name " + std::to_string(i) + "\": {}\n";
  const CompileResult result = compile({{"p.yaml", text}});
  EXPECT_EQ(result.diagnostics.size(), 201U);
  EXPECT_EQ(result.diagnostics.back().message, "800 more findings are not shown");
}

TEST(Diagnostics, DoNotPrintControlCharactersOfTheFile) {
  const CompileResult result = compile({{"p.yaml", "version: \"\\e[2J\"\n"}});
  EXPECT_EQ(text_of(result.diagnostics).find('\x1b'), std::string::npos);
}

TEST(Limits, StopDeepAndLargeFiles) {
  CompileLimits limits;
  limits.nesting_max = 8;
  limits.node_count_max = 50;
  limits.text_bytes_max = 10000;
  const auto first = [&](const std::string& text) {
    const CompileResult result = compile({{"p.yaml", text}}, limits);
    EXPECT_EQ(result.policy, nullptr);
    return result.diagnostics.empty() ? std::string{} : result.diagnostics[0].message;
  };
  EXPECT_NE(first("x: " + std::string(5000, '[')).find("nested deeper"), std::string::npos);
  std::string many = "x: [";
  for (int i = 0; i < 100; ++i) many += "a, ";
  EXPECT_NE(first(many + "a]").find("more than 50 values"), std::string::npos);
  EXPECT_NE(first(std::string(10001, ' ')).find("larger than"), std::string::npos);
  EXPECT_NE(text_of(compile({}).diagnostics).find("no policy file"), std::string::npos);
}

TEST(Limits, StopRulesThatNameTooManyPairs) {
  CompileLimits limits;
  limits.rule_cells_max = 5;
  const CompileResult result =
      compile({{"p.yaml", rule("name: x, agents: [a, b, c], resources: [db, db2], actions: "
                               "[read], verdict: allow")}},
              limits);
  EXPECT_NE(text_of(result.diagnostics).find("too many pairs"), std::string::npos);
}

TEST(Warnings, DoNotStopThePolicy) {
  const CompileResult result =
      compile({{"p.yaml",
                "version: 1\nagents: { a: }\nresources:\n  r:\n    protocol: postgres\n"
                "    address: [\"h:1\", \"unix:/x\"]\n    upstream_tls: disable\n"
                "    login: { user: u, password_file: /s }\n"}});
  EXPECT_NE(result.policy, nullptr);
  EXPECT_EQ(result.diagnostics.size(), 3U) << text_of(result.diagnostics);
}

}  // namespace
}  // namespace sluice::policy
