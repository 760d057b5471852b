// SPDX-License-Identifier: Apache-2.0
// The words of the policy and their enumerators: one table each, read in both directions.
#include <sluice/action.h>
#include <sluice/resource.h>
#include <sluice/verdict.h>

#include <utility>

namespace sluice {
namespace {

template <class E>
struct Named {
  E value;
  std::string_view name;
};

template <class E, std::size_t N>
std::string_view find_name(const Named<E> (&table)[N], E value) {
  for (const auto& row : table)
    if (row.value == value) return row.name;
  return "?";
}

template <class E, std::size_t N>
std::optional<E> find_value(const Named<E> (&table)[N], std::string_view name) {
  for (const auto& row : table)
    if (row.name == name) return row.value;
  return std::nullopt;
}

constexpr Named<VerdictKind> kVerdicts[] = {
    {VerdictKind::kAllow, "allow"},
    {VerdictKind::kHold, "hold"},
    {VerdictKind::kDeny, "deny"},
};

constexpr Named<Action> kActions[] = {
    {Action::kRead, "read"},
    {Action::kInsert, "insert"},
    {Action::kUpdate, "update"},
    {Action::kDelete, "delete"},
    {Action::kDdl, "ddl"},
    {Action::kGrant, "grant"},
    {Action::kSession, "session"},
    {Action::kTransaction, "transaction"},
    {Action::kCall, "call"},
    {Action::kCopyIn, "copy_in"},
    {Action::kCopyOut, "copy_out"},
    {Action::kHost, "host"},
    {Action::kUnknown, "unknown"},
    {Action::kSensitiveSearch, "sensitive_search"},
    {Action::kSensitiveCopy, "sensitive_copy"},
    {Action::kConnect, "connect"},
};
static_assert(std::size(kActions) == static_cast<std::size_t>(Action::kCount_));

constexpr Named<Protocol> kProtocols[] = {
    {Protocol::kPostgres, "postgres"}, {Protocol::kMysql, "mysql"},
    {Protocol::kSsh, "ssh"},           {Protocol::kKubernetes, "kubernetes"},
    {Protocol::kHttp, "http"},         {Protocol::kTcp, "tcp"},
    {Protocol::kDns, "dns"},
};

constexpr Named<Detector> kDetectors[] = {
    {Detector::kCreditCard, "credit_card"},
    {Detector::kUsSsn, "us_ssn"},
    {Detector::kAwsKey, "aws_key"},
    {Detector::kPrivateKey, "private_key"},
    {Detector::kJwt, "jwt"},
    {Detector::kIban, "iban"},
};

}  // namespace

std::string_view name_of(VerdictKind kind) { return find_name(kVerdicts, kind); }
std::string_view name_of(Action action) { return find_name(kActions, action); }
std::optional<Action> action_named(std::string_view name) { return find_value(kActions, name); }
std::string_view name_of(Protocol protocol) { return find_name(kProtocols, protocol); }
std::optional<Protocol> protocol_named(std::string_view name) {
  return find_value(kProtocols, name);
}
std::string_view name_of(Detector detector) { return find_name(kDetectors, detector); }
std::optional<Detector> detector_named(std::string_view name) {
  return find_value(kDetectors, name);
}

std::vector<Action> ActionSet::list() const {
  std::vector<Action> actions;
  for (const auto& row : kActions)
    if (has(row.value)) actions.push_back(row.value);
  return actions;
}

ActionSet ActionSet::from_bits(std::uint64_t bits) {
  ActionSet set;
  for (const auto& row : kActions)
    if ((bits >> static_cast<unsigned>(row.value)) & 1U) set.add(row.value);
  return set;
}

}  // namespace sluice
