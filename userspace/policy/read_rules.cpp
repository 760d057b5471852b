// SPDX-License-Identifier: Apache-2.0
// `rules:` of a policy file.
#include "policy/draft.h"
#include "policy/duration.h"
#include "policy/text_check.h"

#include <algorithm>
#include <array>

namespace sluice::policy {
namespace {

constexpr std::size_t kRuleNameMax = 200;
constexpr std::size_t kMessageMax = 500;  // it travels in error messages of protocols
constexpr std::uint32_t kApproverCountMax = 100;

// Actions that exist in the schema, of protocols that this build does not read.
constexpr std::array<std::string_view, 21> kForeignActions = {"get",
                                                              "head",
                                                              "post",
                                                              "put",
                                                              "patch",
                                                              "options",
                                                              "trace",
                                                              "list",
                                                              "watch",
                                                              "create",
                                                              "deletecollection",
                                                              "exec",
                                                              "attach",
                                                              "portforward",
                                                              "proxy",
                                                              "shell",
                                                              "sftp_read",
                                                              "sftp_write",
                                                              "sftp_remove",
                                                              "forward",
                                                              "agent_forward"};

std::vector<std::string> action_names() {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < static_cast<std::size_t>(Action::kCount_); ++i)
    names.emplace_back(name_of(static_cast<Action>(i)));
  return names;
}

bool is_any(const Node& node) { return node.kind == Node::Kind::kScalar && node.text == "any"; }

// `agents` and `resources`: a list of names, or any.
std::optional<std::vector<Word>> read_names(const Node* node, const std::string& key, Place& place,
                                            Findings& findings) {
  if (node == nullptr || is_any(*node)) return std::nullopt;
  place = node->place;
  auto words = read_words(*node, "'" + key + "'", "write " + key + ": [NAME], or " + key + ": any",
                          findings);
  for (const Word& word : words)
    if (word.text == "any")
      findings.error(word.place, "'any' cannot be one of several",
                     "write " + key + ": any, without brackets");
  return words;
}

void read_actions(const Node& node, RuleDraft& draft, Findings& findings) {
  draft.actions_place = node.place;
  if (is_any(node)) return;
  draft.any_action = false;
  for (const Word& word :
       read_words(node, "'actions'", "write actions: [read], or actions: any", findings)) {
    if (const auto action = action_named(word.text)) {
      draft.actions.emplace_back(*action, word.place);
    } else if (word.text == "any") {
      findings.error(word.place, "'any' cannot be one of several",
                     "write actions: any, without brackets");
    } else if (std::find(kForeignActions.begin(), kForeignActions.end(), word.text) !=
               kForeignActions.end()) {
      findings.error(word.place,
                     "the action " + quoted(word.text) +
                         " belongs to a protocol that this build does not support yet",
                     "remove it; " + suggestion("", action_names()));
    } else {
      findings.error(word.place, "there is no action " + quoted(word.text),
                     suggestion(word.text, action_names()));
    }
  }
}

void read_hold_keys(Fields& fields, RuleDraft& draft, Findings& findings) {
  const Node* approvers = fields.take("approvers");
  const Node* timeout = fields.take("timeout");
  const std::string& what = fields.what();
  if (draft.rule.kind != VerdictKind::kHold) {
    for (const Node* node : {approvers, timeout})
      if (node != nullptr)
        findings.error(node->place,
                       std::string{node == approvers ? "'approvers'" : "'timeout'"} +
                           " only has a meaning with verdict: hold",
                       "write verdict: hold, or remove the key");
    return;
  }
  draft.rule.approvers = approvers != nullptr
                             ? read_approvers(*approvers, "'approvers' of " + what, findings)
                             : default_approvers();
  draft.rule.timeout = kDefaultHoldTimeout;
  if (timeout == nullptr) return;
  const auto text = read_text(*timeout, "'timeout'", "write for example timeout: 10m", findings);
  if (!text) return;
  if (const auto value = parse_timeout(*text))
    draft.rule.timeout = *value;
  else
    findings.error(timeout->place, quoted(*text) + " is not a timeout", value.error().text());
}

std::string read_rule_name(const Node& node, Findings& findings) {
  const std::string hint = "write a short name that an agent and an approver understand";
  const auto text = read_text(node, "the name of a rule", hint, findings);
  if (!text) return {};
  if (!is_printable(*text, kRuleNameMax) || text->front() == ' ' || text->back() == ' ')
    findings.error(node.place,
                   "the name of a rule is 1 to " + std::to_string(kRuleNameMax) +
                       " bytes without spaces at its ends",
                   hint);
  return *text;
}

void read_mode(const Node& node, RuleDraft& draft, Findings& findings) {
  if (read_choice(node, "'mode'", {"enforce", "observe"}, findings).value_or(0) == 1)
    draft.rule.observe = true;
}

}  // namespace

Approvers read_approvers(const Node& node, const std::string& what, Findings& findings) {
  Approvers approvers;
  Fields fields{node, what, findings};
  const Node* users = fields.take("users");
  const Node* groups = fields.take("groups");
  if (users != nullptr) approvers.users = read_accounts(*users, "'users' of " + what, findings);
  if (groups != nullptr) approvers.groups = read_accounts(*groups, "'groups' of " + what, findings);
  if (const Node* count = fields.take("count"))
    approvers.count =
        read_count(*count, "'count' of " + what, kApproverCountMax, findings).value_or(1);
  fields.finish();
  if (users == nullptr && groups == nullptr) {
    if (fields.is_map() || node.kind == Node::Kind::kNull)
      findings.error(node.place, what + " names nobody",
                     "write { users: [alice], groups: [dba], count: 1 }, or remove the key: then "
                     "root and the group sluice approve");
  } else if (groups == nullptr && approvers.count > approvers.users.size()) {
    findings.error(node.place,
                   what + " asks for " + std::to_string(approvers.count) + " approvals from " +
                       std::to_string(approvers.users.size()) + " people: nobody could approve",
                   "name more users or a group, or lower the count");
  }
  return approvers;
}

void read_rule(const Node& value, Draft& draft, Findings& findings) {
  if (value.kind != Node::Kind::kMap) {
    findings.error(value.place, "a rule must be a map, but is " + name_of(value.kind),
                   "write - { name: reads, agents: [NAME], resources: [NAME], actions: [read], "
                   "verdict: allow }");
    return;
  }
  RuleDraft rule;
  rule.place = value.place;
  Fields fields{value, "this rule", findings};
  if (const Node* name = fields.need("name", "write name: a short sentence")) {
    rule.rule.name = read_rule_name(*name, findings);
    rule.place = name->place;
  }
  rule.agents_place = rule.resources_place = rule.actions_place = rule.place;
  rule.agents = read_names(fields.take("agents"), "agents", rule.agents_place, findings);
  rule.resources =
      read_names(fields.take("resources"), "resources", rule.resources_place, findings);
  if (const Node* actions = fields.take("actions")) read_actions(*actions, rule, findings);
  rule.verdict_place = rule.place;
  if (const Node* verdict = fields.need("verdict", "write verdict: allow, hold or deny")) {
    rule.verdict_place = verdict->place;
    rule.rule.kind = static_cast<VerdictKind>(
        read_choice(*verdict, "'verdict'", {"allow", "hold", "deny"}, findings).value_or(2));
  }
  rule.when_place = rule.place;
  if (const Node* when = fields.take("when")) {
    rule.when_place = when->place;
    rule.rule.when = read_conditions(*when, "'when' of this rule", findings);
  }
  read_hold_keys(fields, rule, findings);
  if (const Node* message = fields.take("message")) {
    const std::string hint = "write one sentence that tells the agent what to do instead";
    const auto text = read_text(*message, "'message'", hint, findings);
    if (text && text->size() > kMessageMax)
      findings.error(message->place,
                     "'message' is longer than " + std::to_string(kMessageMax) + " bytes", hint);
    rule.rule.message = text.value_or("");
  }
  if (const Node* mode = fields.take("mode")) read_mode(*mode, rule, findings);
  fields.finish();
  draft.rules.push_back(std::move(rule));
}

}  // namespace sluice::policy
