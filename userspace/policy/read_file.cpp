// SPDX-License-Identifier: Apache-2.0
// The top of a policy file.
#include "policy/draft.h"

#include <algorithm>

namespace sluice::policy {
namespace {

constexpr std::size_t kGuaranteeNameMax = 64;

void read_version(const Node& node, Findings& findings) {
  if (node.kind == Node::Kind::kScalar && node.text == "1") return;
  findings.error(node.place,
                 "version " + quoted(node.kind == Node::Kind::kScalar ? node.text : "") +
                     " is not known to this build",
                 "write version: 1");
}

void read_require(const Node& node, Draft& draft, Findings& findings) {
  for (const Word& word :
       read_words(node, "'require'", "write require: [tcp, datagrams]", findings)) {
    const bool letters = std::all_of(word.text.begin(), word.text.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
    });
    if (!letters || word.text.size() > kGuaranteeNameMax) {
      findings.error(word.place, quoted(word.text) + " cannot be the name of a guarantee",
                     "write a name that `sluice doctor` prints");
      continue;
    }
    draft.require.push_back(word);
  }
}

void read_rules(const Node& node, Draft& draft, Findings& findings) {
  if (node.kind == Node::Kind::kNull) return;
  if (node.kind != Node::Kind::kList) {
    findings.error(node.place, "'rules' must be a list, but is " + name_of(node.kind),
                   "begin each rule with '- name:'");
    return;
  }
  for (const Node& item : node.items) read_rule(item, draft, findings);
}

}  // namespace

void read_file(const Node& root, Draft& draft, Findings& findings) {
  Fields fields{root, "the policy", findings};
  if (const Node* version = fields.need("version", "write version: 1 as the first line"))
    read_version(*version, findings);
  if (const Node* agents = fields.take("agents"))
    read_named(*agents, "'agents'", findings, [&](const Node& name, const Node& value) {
      read_agent(name, value, draft, findings);
    });
  if (const Node* resources = fields.take("resources"))
    read_named(*resources, "'resources'", findings, [&](const Node& name, const Node& value) {
      read_resource(name, value, draft, findings);
    });
  if (const Node* rules = fields.take("rules")) read_rules(*rules, draft, findings);
  if (const Node* require = fields.take("require")) read_require(*require, draft, findings);
  fields.finish();
}

}  // namespace sluice::policy
