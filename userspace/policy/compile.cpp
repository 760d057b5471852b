// SPDX-License-Identifier: Apache-2.0
#include "policy/compile.h"

#include "policy/compiled.h"
#include "policy/document.h"
#include "policy/draft.h"
#include "policy/unix_names.h"

#include <algorithm>
#include <limits>
#include <new>
#include <set>
#include <utility>

namespace sluice::policy {
namespace {

constexpr Place kNowhere{std::numeric_limits<std::uint32_t>::max(), 0, 0};

// FNV-1a, 64 bit: a stable name for a set of texts, not a proof of them. Paths do not count, so
// that the same policy has the same number in a test directory.
std::uint64_t hash_of(const std::vector<SourceFile>& files) {
  std::vector<std::string_view> texts;
  for (const SourceFile& file : files) texts.emplace_back(file.text);
  std::sort(texts.begin(), texts.end());
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  const auto absorb = [&hash](std::uint8_t byte) { hash = (hash ^ byte) * 0x100000001b3ULL; };
  for (const std::string_view text : texts) {
    for (unsigned shift = 0; shift < 64; shift += 8)
      absorb(static_cast<std::uint8_t>(std::uint64_t{text.size()} >> shift));
    for (const char c : text) absorb(static_cast<std::uint8_t>(c));
  }
  return hash;
}

bool fits(const std::vector<SourceFile>& files, const CompileLimits& limits, Findings& findings) {
  std::size_t bytes = 0;
  for (const SourceFile& file : files) bytes += file.text.size();
  if (bytes > limits.text_bytes_max) {
    findings.error(kNowhere,
                   "the policy is larger than " + std::to_string(limits.text_bytes_max) + " bytes",
                   "is there a file in the directory that is no policy?");
    return false;
  }
  if (files.empty()) {
    findings.error(kNowhere, "there is no policy file",
                   "put a file whose name ends with .yaml into the policy directory");
    return false;
  }
  return true;
}

void number_rules(Draft& draft, Compiled& compiled) {
  std::sort(draft.rules.begin(), draft.rules.end(),
            [](const RuleDraft& a, const RuleDraft& b) { return is_stronger(a.rule, b.rule); });
  for (const RuleDraft& rule : draft.rules) compiled.rules.push_back(rule.rule);
}

// False where the rules would need more cells than the limit.
bool index_rules(const Draft& draft, Compiled& compiled, const CompileLimits& limits,
                 Findings& findings) {
  std::size_t cells = 0;
  for (std::uint32_t i = 0; i < draft.rules.size(); ++i) {
    const RuleDraft& rule = draft.rules[i];
    cells += rule.agent_numbers.size() * rule.resource_numbers.size();
    if (cells > limits.rule_cells_max) {
      findings.error(rule.place, "the rules name too many pairs of agents and resources",
                     "write 'any' where all are meant");
      return false;
    }
    RuleIndex& index = rule.rule.observe ? compiled.observed : compiled.enforced;
    const RuleEntry entry{i, rule.rule.actions, rule.rule.kind, !rule.rule.when.empty()};
    for (const std::uint32_t agent : rule.agent_numbers)
      for (const std::uint32_t resource : rule.resource_numbers) index.add(agent, resource, entry);
  }
  compiled.enforced.build();
  compiled.observed.build();
  return true;
}

void index_addresses(Compiled& compiled) {
  for (std::uint32_t i = 0; i < compiled.resources.size(); ++i)
    for (const ResourceAddress& address : compiled.resources[i]->addresses)
      if (address.kind == ResourceAddress::Kind::kUnix)
        compiled.unix_paths[canonical_unix_path(address.path)].push_back(i);
      else
        compiled.addresses.push_back(
            {address.port, address.network, address.prefix_length, address.host, i});
  std::stable_sort(compiled.addresses.begin(), compiled.addresses.end(),
                   [](const AddressEntry& a, const AddressEntry& b) { return a.port < b.port; });
}

std::unique_ptr<Compiled> compile_all(const std::vector<SourceFile>& files,
                                      const CompileLimits& limits, Findings& findings) {
  if (!fits(files, limits, findings)) return nullptr;
  Draft draft;
  for (std::uint32_t i = 0; i < files.size(); ++i) {
    const auto root =
        parse_document(files[i].text, i, {limits.node_count_max, limits.nesting_max}, findings);
    if (root) read_file(*root, draft, findings);
  }
  for (const Word& word : draft.require)
    if (!limits.requirements.empty() &&
        std::find(limits.requirements.begin(), limits.requirements.end(), word.text) ==
            limits.requirements.end())
      findings.error(word.place, quoted(word.text) + " is no guarantee that Sluice knows",
                     "write an id that `sluice doctor` prints");
  auto compiled = std::make_unique<Compiled>();
  resolve_names(draft, *compiled, findings);
  // What follows compares rules that are whole; after an error it would report its echo.
  if (findings.has_errors()) return nullptr;
  number_rules(draft, *compiled);
  if (!index_rules(draft, *compiled, limits, findings)) return nullptr;
  check_rules(draft, *compiled, findings);
  check_conflicts(draft, *compiled, limits.check_steps_max, findings);
  check_addresses(draft, *compiled, findings);
  if (findings.has_errors()) return nullptr;
  index_addresses(*compiled);
  std::set<std::string> required;
  for (const Word& word : draft.require) required.insert(word.text);
  compiled->require.assign(required.begin(), required.end());
  compiled->version = hash_of(files);
  return compiled;
}

}  // namespace

CompileResult compile(const std::vector<SourceFile>& files, const CompileLimits& limits) {
  std::vector<std::string> names;
  for (const SourceFile& file : files) names.push_back(file.name);
  Findings findings{std::move(names), limits.diagnostics_max};
  CompileResult result;
  if (auto compiled = compile_all(files, limits, findings))
    result.policy = std::make_shared<const Policy>(std::move(compiled));
  result.diagnostics = findings.take();
  return result;
}

}  // namespace sluice::policy
