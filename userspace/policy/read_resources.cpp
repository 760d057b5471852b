// SPDX-License-Identifier: Apache-2.0
// `resources:` of a policy file.
#include "policy/address_text.h"
#include "policy/draft.h"
#include "policy/pattern.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace sluice::policy {
namespace {

constexpr std::array<Protocol, 7> kProtocols = {
    Protocol::kPostgres, Protocol::kMysql, Protocol::kSsh, Protocol::kKubernetes,
    Protocol::kHttp,     Protocol::kTcp,   Protocol::kDns};
constexpr std::array<Detector, 6> kDetectors = {Detector::kCreditCard, Detector::kUsSsn,
                                                Detector::kAwsKey,     Detector::kPrivateKey,
                                                Detector::kJwt,        Detector::kIban};
// What only a resource has that the daemon logs in to.
constexpr std::array<std::string_view, 7> kReadKeys = {
    "upstream_tls",        "upstream_ca",       "login",        "sensitive",
    "on_sensitive_search", "on_sensitive_copy", "estimate_rows"};

std::string absolute_path(const Node& node, const std::string& what, const std::string& hint,
                          Findings& findings) {
  const auto path = read_text(node, what, hint, findings);
  if (!path) return {};
  if (path->starts_with('/')) return *path;
  findings.error(node.place, what + " must be an absolute path", hint);
  return {};
}

void read_addresses(const Node& node, ResourceDraft& draft, const std::string& what,
                    Findings& findings) {
  const std::string hint = "write address: [\"db.internal:5432\"]";
  for (const Word& word : read_words(node, "'address' of " + what, hint, findings)) {
    auto address = parse_address(word.text);
    if (!address) {
      findings.error(word.place, "bad address " + quoted(word.text), address.error().text());
      continue;
    }
    draft.resource.addresses.push_back(std::move(*address));
    draft.address_places.push_back(word.place);
  }
}

void read_login(const Node& node, Resource& resource, const std::string& what, Findings& findings) {
  const std::string hint = "write login: { user: NAME, password_file: /etc/sluice/secrets/NAME }";
  Fields fields{node, "'login' of " + what, findings};
  Login login;
  if (const Node* user = fields.need("user", hint))
    login.user = read_text(*user, "'user' of the login", hint, findings).value_or("");
  fields.refuse("password", "a password must not stand in the policy",
                "put it into a file that only root can read, and write password_file: /PATH");
  if (const Node* file = fields.need("password_file", hint))
    login.password_file = absolute_path(*file, "'password_file'", hint, findings);
  fields.finish();
  resource.login = std::move(login);
}

MaskKind read_mask(const Node& node, Findings& findings) {
  // To YAML this word is no text.
  if (node.kind == Node::Kind::kNull && node.text == "null") return MaskKind::kNull;
  const auto choice = read_choice(node, "'mask'", {"redact", "partial", "hash", "null"}, findings);
  return static_cast<MaskKind>(choice.value_or(0));
}

void read_column(const Node& node, SensitiveRule& rule, Findings& findings) {
  const std::string hint =
      "write schema.table.column, for example public.customers.ssn or "
      "\"*.*.email\"";
  const auto text = read_text(node, "'column'", hint, findings);
  if (!text) return;
  const auto parts = split_name(*text);
  if (!parts) {
    findings.error(node.place, "bad column pattern " + quoted(*text), parts.error().text());
    return;
  }
  if (parts->size() != 3) {
    findings.error(node.place,
                   "the column pattern " + quoted(*text) + " has " + std::to_string(parts->size()) +
                       " parts, not 3",
                   hint);
    return;
  }
  for (const NamePart& part : *parts) {
    const bool star = part.text.find('*') != std::string::npos;
    if (star && (part.literal || part.text != "*")) {
      findings.error(node.place, "in a column pattern '*' stands for a whole part only", hint);
      return;
    }
  }
  rule.schema = (*parts)[0].text;
  rule.table = (*parts)[1].text;
  rule.column = (*parts)[2].text;
}

void read_detectors(const Node& node, SensitiveRule& rule, Findings& findings) {
  std::vector<std::string> names;
  names.reserve(std::size(kDetectors));
  for (const Detector detector : kDetectors) names.emplace_back(name_of(detector));
  for (const Word& word :
       read_words(node, "'detect'", "write detect: [credit_card, us_ssn]", findings)) {
    if (const auto detector = detector_named(word.text))
      rule.detectors.push_back(*detector);
    else
      findings.error(word.place, "there is no detector " + quoted(word.text),
                     suggestion(word.text, names));
  }
}

void read_sensitive(const Node& node, Resource& resource, const std::string& what,
                    Findings& findings) {
  const std::string hint = "write - { column: public.customers.ssn, mask: redact }";
  if (node.kind != Node::Kind::kList) {
    findings.error(node.place, "'sensitive' of " + what + " must be a list", hint);
    return;
  }
  for (const Node& item : node.items) {
    SensitiveRule rule;
    Fields fields{item, "an entry of 'sensitive'", findings};
    const Node* column = fields.take("column");
    const Node* detect = fields.take("detect");
    if (column != nullptr) read_column(*column, rule, findings);
    if (detect != nullptr) read_detectors(*detect, rule, findings);
    if (fields.is_map() && (column == nullptr) == (detect == nullptr))
      findings.error(item.place, "an entry of 'sensitive' needs either 'column' or 'detect'",
                     hint + ", or - { detect: [credit_card], mask: redact }");
    if (const Node* mask = fields.need("mask", "write mask: redact"))
      rule.mask = read_mask(*mask, findings);
    fields.finish();
    resource.sensitive.push_back(std::move(rule));
  }
}

VerdictKind read_switch(const Node& node, const std::string& what, Findings& findings) {
  const auto choice = read_choice(node, what, {"allow", "hold", "deny"}, findings);
  return static_cast<VerdictKind>(choice.value_or(2));
}

void read_upstream(Fields& fields, ResourceDraft& draft, Findings& findings) {
  Resource& resource = draft.resource;
  const std::string& what = fields.what();
  if (const Node* tls = fields.take("upstream_tls")) {
    const auto choice = read_choice(*tls, "'upstream_tls'",
                                    {"disable", "require", "verify-ca", "verify-full"}, findings);
    resource.upstream_tls = static_cast<UpstreamTls>(choice.value_or(3));
    const bool proves = resource.upstream_tls >= UpstreamTls::kVerifyCa;
    if (!proves && !std::all_of(resource.addresses.begin(), resource.addresses.end(), is_loopback))
      findings.warning(
          tls->place,
          "with upstream_tls: " + tls->text + " the server is not proven to be the right one",
          "write upstream_tls: verify-full, and upstream_ca if its CA is your own");
  }
  if (const Node* ca = fields.take("upstream_ca"))
    resource.upstream_ca = absolute_path(
        *ca, "'upstream_ca'", "write upstream_ca: /etc/ssl/certs/ca-certificates.crt", findings);
  if (const Node* login =
          fields.need("login",
                      "the daemon logs in instead of the agent; write login: { user: NAME, "
                      "password_file: /etc/sluice/secrets/NAME }"))
    read_login(*login, resource, what, findings);
  if (const Node* sensitive = fields.take("sensitive"))
    read_sensitive(*sensitive, resource, what, findings);
  if (const Node* search = fields.take("on_sensitive_search"))
    resource.on_sensitive_search = read_switch(*search, "'on_sensitive_search'", findings);
  if (const Node* copy = fields.take("on_sensitive_copy"))
    resource.on_sensitive_copy = read_switch(*copy, "'on_sensitive_copy'", findings);
  if (const Node* estimate = fields.take("estimate_rows"))
    resource.estimate_rows = read_flag(*estimate, "'estimate_rows'", findings).value_or(false);
}

void refuse_upstream(Fields& fields, const Resource& resource) {
  for (const std::string_view key : kReadKeys)
    fields.refuse(
        key,
        quoted(key) + " has no meaning for protocol " + std::string{name_of(resource.protocol)},
        "remove it: what passes there is not read");
}

void check_dns(const ResourceDraft& draft, Findings& findings) {
  for (std::size_t i = 0; i < draft.resource.addresses.size(); ++i) {
    const ResourceAddress& address = draft.resource.addresses[i];
    if (address.kind != ResourceAddress::Kind::kNetwork || !is_loopback(address))
      findings.error(draft.address_places[i],
                     "a dns resource must be a resolver on this host, given by its address",
                     "write for example \"127.0.0.53:53\"; names asked of a server elsewhere would "
                     "carry data out unread");
  }
}

std::optional<Protocol> read_protocol(Fields& fields, Findings& findings) {
  std::vector<std::string> names;
  names.reserve(std::size(kProtocols));
  for (const Protocol protocol : kProtocols) names.emplace_back(name_of(protocol));
  const Node* node = fields.need("protocol", "write protocol: postgres");
  if (node == nullptr) return std::nullopt;
  const auto choice = read_choice(*node, "'protocol'", names, findings);
  if (!choice) return std::nullopt;
  const Protocol protocol = kProtocols[*choice];
  if (protocol != Protocol::kPostgres && protocol != Protocol::kTcp && protocol != Protocol::kDns)
    findings.error(node->place,
                   "protocol " + quoted(node->text) + " is not supported by this build yet",
                   "this build reads postgres; tcp passes unread what a rule allows, dns a "
                   "resolver on this host");
  return protocol;
}

}  // namespace

void read_resource(const Node& name, const Node& value, Draft& draft, Findings& findings) {
  if (!check_name(name, "a resource", findings)) return;
  if (const auto known = draft.resources.find(name.text); known != draft.resources.end()) {
    findings.error(
        name.place, "resource " + quoted(name.text) + " is there twice",
        "the first is at " + findings.at(known->second.place) + "; merge them, or rename one");
    return;
  }
  ResourceDraft resource;
  resource.resource.name = name.text;
  resource.place = name.place;
  const std::string what = "resource " + quoted(name.text);
  Fields fields{value, what, findings};
  const auto protocol = read_protocol(fields, findings);
  if (protocol) resource.resource.protocol = *protocol;
  if (const Node* address = fields.need("address", "write address: [\"db.internal:5432\"]"))
    read_addresses(*address, resource, what, findings);
  if (protocol == Protocol::kPostgres) {
    read_upstream(fields, resource, findings);
    fields.finish();
  } else if (protocol == Protocol::kTcp || protocol == Protocol::kDns) {
    refuse_upstream(fields, resource.resource);
    if (protocol == Protocol::kDns) check_dns(resource, findings);
    fields.finish();
  }
  draft.resources.emplace(name.text, std::move(resource));
}

}  // namespace sluice::policy
