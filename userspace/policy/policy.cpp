// SPDX-License-Identifier: Apache-2.0
#include "policy/policy.h"

#include "policy/compiled.h"
#include "policy/held_by_all.h"
#include "policy/judge.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

namespace sluice::policy {
namespace {

std::string list_of(const ActionSet& actions) {
  std::string text;
  for (const Action action : actions.list()) {
    if (!text.empty()) text += ", ";
    text += name_of(action);
  }
  return text;
}

Verdict deny_of(const Run& member, std::string message) {
  Verdict verdict;
  verdict.kind = VerdictKind::kDeny;
  verdict.agent = member.agent;
  verdict.message = std::move(message);
  return verdict;
}

Verdict switched(const Judgement& judgement, const Intent& intent, const Run& member) {
  const bool search = *judgement.by_switch == Action::kSensitiveSearch;
  Verdict verdict;
  verdict.kind = judgement.kind;
  verdict.agent = member.agent;
  verdict.rule = search ? "on_sensitive_search" : "on_sensitive_copy";
  if (judgement.kind == VerdictKind::kAllow) return verdict;
  verdict.message = search ? "the statement searches by a sensitive column of resource '"
                           : "the statement would copy a sensitive column of resource '";
  verdict.message += intent.resource + "'";
  if (judgement.kind == VerdictKind::kHold) {
    verdict.approvers = default_approvers();
    verdict.timeout = kDefaultHoldTimeout;
  }
  return verdict;
}

Verdict verdict_of(const Judgement& judgement, const Intent& intent, const Run& member) {
  if (judgement.by_switch) return switched(judgement, intent, member);
  if (judgement.rule == nullptr) {
    if (intent.actions.empty())
      return deny_of(member, "nothing that can be judged was found in it");
    return deny_of(member, "no rule allows agent '" + member.agent + "' to " +
                               list_of(ActionSet::from_bits(judgement.uncovered)) +
                               " on resource '" + intent.resource + "'");
  }
  const Rule& rule = *judgement.rule;
  Verdict verdict;
  verdict.kind = rule.kind;
  verdict.rule = rule.name;
  verdict.agent = member.agent;
  verdict.message = rule.message;
  if (rule.kind == VerdictKind::kHold) {
    verdict.approvers = rule.approvers;
    verdict.timeout = rule.timeout;
  }
  return verdict;
}

}  // namespace

bool People::includes(std::string_view user, const std::vector<std::string>& user_groups) const {
  if (!user.empty() && std::find(users.begin(), users.end(), user) != users.end()) return true;
  return std::any_of(user_groups.begin(), user_groups.end(), [this](const std::string& group) {
    return std::find(groups.begin(), groups.end(), group) != groups.end();
  });
}

Policy::Policy(std::unique_ptr<const Compiled> compiled) : compiled_(std::move(compiled)) {}
Policy::~Policy() = default;

Verdict Policy::judge(const Intent& intent, const std::vector<ObjectRef>& kin) const {
  std::optional<Intent> wider;
  if (!kin.empty()) {
    wider = intent;
    wider->objects.insert(wider->objects.end(), kin.begin(), kin.end());
  }
  const Asked asked{intent, wider ? *wider : intent};
  const Lineage& lineage = *intent.lineage;
  const auto resource = compiled_->resource_number(intent.resource);
  std::optional<Judgement> strictest;
  const Run* whose = nullptr;
  std::vector<Verdict> holds;
  Verdict verdict;
  // From the innermost outwards: of equals the innermost is named.
  for (auto member = lineage.rbegin(); member != lineage.rend(); ++member) {
    const auto agent = compiled_->agent_number(member->agent);
    if (!agent || !resource) {
      verdict =
          deny_of(*member, !agent ? "agent '" + member->agent + "' is not in the policy"
                                  : "resource '" + intent.resource + "' is not in the policy");
      verdict.policy_version = compiled_->version;
      return verdict;
    }
    const Judgement judgement = judge_member(*compiled_, asked, *member, *agent, *resource);
    if (judgement.kind == VerdictKind::kHold)
      holds.push_back(verdict_of(judgement, intent, *member));
    if (strictest && judgement.kind <= strictest->kind) continue;
    strictest = judgement;
    whose = &*member;
  }
  if (whose == nullptr) return deny_of(Run{}, "the run is not known");
  verdict = strictest->kind == VerdictKind::kHold ? held_by_all(std::move(holds))
                                                  : verdict_of(*strictest, intent, *whose);
  verdict.policy_version = compiled_->version;
  if (compiled_->observed.empty()) return verdict;
  for (auto member = lineage.rbegin(); member != lineage.rend(); ++member)
    observe_member(*compiled_, asked, *member, *compiled_->agent_number(member->agent), *resource,
                   verdict.kind, verdict.observed);
  return verdict;
}

bool Policy::guards_nothing(const Lineage& lineage, std::string_view resource) const {
  const auto number = compiled_->resource_number(resource);
  return number && !lineage.empty() &&
         std::all_of(lineage.begin(), lineage.end(), [&](const Run& member) {
           const auto agent = compiled_->agent_number(member.agent);
           return agent && compiled_->guards_nothing(*agent, *number);
         });
}

const Resource* Policy::resource_named(std::string_view name) const {
  const auto number = compiled_->resource_number(name);
  return number ? compiled_->resources[*number].get() : nullptr;
}

const std::vector<Agent>& Policy::agents() const { return compiled_->agents; }

Inbound Policy::inbound(const std::vector<std::string>& agents) const {
  Inbound strictest = agents.empty() ? Inbound::kNone : Inbound::kLoopback;
  for (const std::string& name : agents) {
    const Agent* agent = agent_named(name);
    strictest = std::min(strictest, agent == nullptr ? Inbound::kNone : agent->inbound);
  }
  return strictest;
}

const Agent* Policy::agent_named(std::string_view name) const {
  const auto number = compiled_->agent_number(name);
  return number ? &compiled_->agents[*number] : nullptr;
}

const std::vector<std::shared_ptr<const Resource>>& Policy::resources() const {
  return compiled_->resources;
}

std::vector<std::string> Policy::host_names() const {
  std::set<std::string> names;
  for (const AddressEntry& address : compiled_->addresses)
    if (!address.host.empty()) names.insert(address.host);
  return {names.begin(), names.end()};
}

std::vector<std::string> Policy::secret_files() const {
  std::set<std::string> files;
  for (const auto& resource : compiled_->resources)
    if (resource->login) files.insert(resource->login->password_file);
  return {files.begin(), files.end()};
}

const std::vector<std::string>& Policy::require() const { return compiled_->require; }

std::string_view Policy::rule_name(std::uint32_t number) const {
  if (number == 0 || number > compiled_->rules.size()) return {};
  return compiled_->rules[number - 1].name;
}

std::size_t Policy::rule_count() const { return compiled_->rules.size(); }

std::vector<std::string> Policy::observe_rules() const {
  std::vector<std::string> names;
  for (const Rule& rule : compiled_->rules)
    if (rule.observe) names.push_back(rule.name);
  std::sort(names.begin(), names.end());
  return names;
}
std::uint64_t Policy::version() const { return compiled_->version; }

}  // namespace sluice::policy
