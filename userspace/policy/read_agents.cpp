// SPDX-License-Identifier: Apache-2.0
// `agents:` of a policy file, and the lists of people that agents and rules share.
#include "policy/draft.h"
#include "policy/text_check.h"
#include "policy/unix_names.h"

#include <algorithm>

namespace sluice::policy {
namespace {

constexpr std::size_t kNameBytesMax = 64;
constexpr std::size_t kAccountBytesMax = 256;  // LOGIN_NAME_MAX
constexpr std::size_t kCgroupPathMax = 1024;
// What the kernel's programs compare and look through (sluice/abi/awaited.h, settings.h).
constexpr std::size_t kCgroupNameMax = 90;
constexpr std::ptrdiff_t kCgroupLevelsMax = 63;
constexpr std::string_view kPeopleHint = "write { users: [alice], groups: [data] }";

bool is_name_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

// Absolute, normal and not the root: identity is found by comparing with it.
const char* what_is_wrong_with_cgroup(const std::string& path) {
  if (!path.starts_with('/')) return "must begin with '/'";
  if (path.size() > kCgroupPathMax) return "is too long";
  if (path == "/") return "must not be the root: every process of the host is in it";
  if (path.ends_with('/')) return "must not end with '/'";
  if (path.find('*') != std::string::npos) return "must not hold '*': one agent is one cgroup";
  const std::string closed = path + "/";
  for (const char* part : {"//", "/./", "/../"})
    if (closed.find(part) != std::string::npos) return "must not hold empty parts, '.' or '..'";
  if (std::count(path.begin(), path.end(), '/') > kCgroupLevelsMax)
    return "lies more than 63 levels deep";
  for (std::size_t start = 1, end = 0; start < closed.size(); start = end + 1) {
    end = closed.find('/', start);
    if (end - start > kCgroupNameMax) return "has a part of more than 90 bytes";
  }
  return nullptr;
}

void read_match(const Node& node, AgentDraft& draft, Findings& findings) {
  Fields fields{node, "'match' of agent " + quoted(draft.agent.name), findings};
  const std::string hint = "write match: { cgroup: /system.slice/nightly.service }";
  if (const Node* cgroup = fields.need("cgroup", hint)) {
    const auto path = read_text(*cgroup, "'cgroup'", hint, findings);
    const char* wrong = path ? what_is_wrong_with_cgroup(*path) : nullptr;
    if (wrong != nullptr)
      findings.error(cgroup->place, "the cgroup path " + quoted(*path) + " " + wrong,
                     "write the path below the cgroup2 mount, as in the last field of "
                     "/proc/PID/cgroup");
    else if (path)
      draft.agent.cgroup = *path;
    draft.cgroup_place = cgroup->place;
  }
  if (const Node* open = fields.take("open_connections"))
    draft.agent.keeps_open_connections =
        read_choice(*open, "'open_connections'", {"kill", "keep"}, findings).value_or(0) == 1;
  fields.finish();
}

void read_inbound(const Node& node, AgentDraft& draft, Findings& findings) {
  const std::string hint = "write inbound: own_run (none, own_run, loopback)";
  const auto word =
      read_text(node, "'inbound' of agent " + quoted(draft.agent.name), hint, findings);
  if (!word) return;
  if (*word == "none")
    draft.agent.inbound = Inbound::kNone;
  else if (*word == "own_run")
    draft.agent.inbound = Inbound::kOwnRun;
  else if (*word == "loopback")
    draft.agent.inbound = Inbound::kLoopback;
  else
    findings.error(node.place, quoted(*word) + " says nobody who may connect to the agent", hint);
}

void read_parents(const Node& node, AgentDraft& draft, Findings& findings) {
  if (node.kind == Node::Kind::kScalar && node.text == "any") return;
  draft.agent.any_parent = false;
  draft.parents = read_words(node, "'parents' of agent " + quoted(draft.agent.name),
                             "write parents: [planner], or parents: any", findings);
  for (const Word& word : draft.parents) draft.agent.parents.push_back(word.text);
}

void read_unix_peers(const Node& node, Agent& agent, Findings& findings) {
  // To YAML these are texts; the order is that of UnixPeers.
  const auto choice =
      read_choice(node, "'unix' of agent " + quoted(agent.name), {"deny", "own", "any"}, findings);
  agent.unix_peers = static_cast<UnixPeers>(choice.value_or(0));
  if (agent.unix_peers == UnixPeers::kAny)
    findings.warning(node.place,
                     "with unix: any the agent reaches every Unix socket that file modes let it",
                     "write unix: own, and name what it needs in a resource or in unix_direct");
}

void read_unix_builtin(const Node* node, Agent& agent, Findings& findings) {
  std::vector<std::string> groups = unix_builtin_groups();
  if (node != nullptr && node->kind == Node::Kind::kScalar && node->text == "none") return;
  if (node != nullptr) {
    groups.clear();
    for (const Word& word :
         read_words(*node, "'unix_builtin' of agent " + quoted(agent.name),
                    "write unix_builtin: [syslog, nscd], or unix_builtin: none", findings)) {
      if (unix_builtin_paths(word.text).empty())
        findings.error(word.place, quoted(word.text) + " is no group of Unix sockets",
                       suggestion(word.text, unix_builtin_groups()));
      groups.push_back(word.text);
    }
  }
  for (const std::string& group : groups) {
    const auto& paths = unix_builtin_paths(group);
    agent.unix_direct.insert(agent.unix_direct.end(), paths.begin(), paths.end());
  }
}

void read_unix_direct(const Node& node, Agent& agent, Findings& findings) {
  const std::string hint = "write unix_direct: [/run/cups/cups.sock]";
  for (const Word& word :
       read_words(node, "'unix_direct' of agent " + quoted(agent.name), hint, findings)) {
    if (const char* wrong = what_is_wrong_with_unix_path(word.text))
      findings.error(word.place, "the socket path " + quoted(word.text) + " " + wrong, hint);
    else
      agent.unix_direct.push_back(canonical_unix_path(word.text));
  }
}

}  // namespace

bool check_name(const Node& name, const std::string& what, Findings& findings) {
  const bool letters = std::all_of(name.text.begin(), name.text.end(), is_name_letter);
  const bool begins = !name.text.empty() && name.text[0] != '.' && name.text[0] != '-';
  if (!letters || !begins || name.text.size() > kNameBytesMax) {
    findings.error(name.place, quoted(name.text) + " cannot be the name of " + what,
                   "use 1 to 64 letters, digits, '.', '_' and '-', beginning with a letter, a "
                   "digit or '_'");
    return false;
  }
  if (name.text == "any") {
    findings.error(name.place, "'any' cannot be the name of " + what,
                   "'any' means all of them; take another name");
    return false;
  }
  return true;
}

std::vector<std::string> read_accounts(const Node& node, const std::string& what,
                                       Findings& findings) {
  std::vector<std::string> accounts;
  for (const Word& word : read_words(node, what, "write [alice, bob]", findings)) {
    const bool spaced = word.text.find_first_of(" \t:/,") != std::string::npos;
    if (spaced || !is_printable(word.text, kAccountBytesMax))
      findings.error(word.place, quoted(word.text) + " cannot be the name of a user or group",
                     "write the name as in /etc/passwd or /etc/group");
    else
      accounts.push_back(word.text);
  }
  return accounts;
}

People read_people(const Node& node, const std::string& what, Findings& findings) {
  People people;
  Fields fields{node, what, findings};
  const Node* users = fields.take("users");
  const Node* groups = fields.take("groups");
  if (users != nullptr) people.users = read_accounts(*users, "'users' of " + what, findings);
  if (groups != nullptr) people.groups = read_accounts(*groups, "'groups' of " + what, findings);
  fields.finish();
  const bool readable = fields.is_map() || node.kind == Node::Kind::kNull;
  if (readable && users == nullptr && groups == nullptr)
    findings.error(node.place, what + " names nobody", std::string{kPeopleHint});
  return people;
}

void read_agent(const Node& name, const Node& value, Draft& draft, Findings& findings) {
  if (!check_name(name, "an agent", findings)) return;
  if (const auto known = draft.agents.find(name.text); known != draft.agents.end()) {
    findings.error(
        name.place, "agent " + quoted(name.text) + " is there twice",
        "the first is at " + findings.at(known->second.place) + "; merge them, or rename one");
    return;
  }
  AgentDraft agent;
  agent.agent.name = name.text;
  agent.place = name.place;
  agent.agent.launchers = {{"root"}, {"sluice"}};
  const std::string what = "agent " + quoted(name.text);
  Fields fields{value, what, findings};
  if (const Node* launchers = fields.take("launchers"))
    agent.agent.launchers = read_people(*launchers, "'launchers' of " + what, findings);
  if (const Node* speak = fields.take("may_speak_for"))
    agent.agent.may_speak_for = read_people(*speak, "'may_speak_for' of " + what, findings);
  if (const Node* parents = fields.take("parents")) read_parents(*parents, agent, findings);
  if (const Node* match = fields.take("match")) read_match(*match, agent, findings);
  if (const Node* peers = fields.take("unix")) read_unix_peers(*peers, agent.agent, findings);
  read_unix_builtin(fields.take("unix_builtin"), agent.agent, findings);
  if (const Node* direct = fields.take("unix_direct"))
    read_unix_direct(*direct, agent.agent, findings);
  std::sort(agent.agent.unix_direct.begin(), agent.agent.unix_direct.end());
  if (const Node* inbound = fields.take("inbound")) read_inbound(*inbound, agent, findings);
  fields.finish();
  draft.agents.emplace(name.text, std::move(agent));
}

}  // namespace sluice::policy
