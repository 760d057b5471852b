// SPDX-License-Identifier: Apache-2.0
#include "approval/request_codec.h"

#include "base/intent_json.h"
#include "base/json_read.h"
#include "base/utf8.h"

#include <boost/json.hpp>

namespace sluice::approval {
namespace {

namespace json = boost::json;

constexpr std::pair<State, std::string_view> kStates[] = {
    {State::kPending, "pending"}, {State::kApproved, "approved"},   {State::kDenied, "denied"},
    {State::kExpired, "expired"}, {State::kWithdrawn, "withdrawn"},
};

}  // namespace

std::string_view name_of(State state) {
  for (const auto& [value, name] : kStates)
    if (value == state) return name;
  return "?";
}

store::RequestEntry to_entry(const Request& request) {
  const Verdict& verdict = request.verdict;
  store::RequestEntry entry;
  entry.ticket = request.ticket;
  entry.session = request.session;
  entry.statement = request.statement;
  entry.run = request.intent.lineage->back().id;
  entry.intent_json = json::serialize(intent_to_json(request.intent));
  entry.verdict_json =
      json::serialize(json::object{{"rule", to_utf8(verdict.rule)},
                                   {"agent", to_utf8(verdict.agent)},
                                   {"message", to_utf8(verdict.message)},
                                   {"approvers", approvers_to_json(verdict.approvers)},
                                   {"timeout_s", std::int64_t{verdict.timeout.count()}},
                                   {"policy_version", verdict.policy_version}});
  entry.state = std::string(name_of(request.state));
  entry.note = request.note;
  entry.asked_at = request.asked_at;
  entry.expires_at = request.expires_at;
  entry.decided_at = request.decided_at;
  return entry;
}

Result<Request> from_entry(const store::RequestEntry& entry) {
  const std::string phrase = "request '" + entry.ticket + "' in the store";
  Request request;
  request.ticket = entry.ticket;
  request.session = entry.session;
  request.statement = entry.statement;
  request.note = entry.note;
  request.asked_at = entry.asked_at;
  request.expires_at = entry.expires_at;
  request.decided_at = entry.decided_at;
  bool known = false;
  for (const auto& [value, name] : kStates)
    if (name == entry.state) request.state = value, known = true;
  if (!known) return Error{phrase + ": state '" + entry.state + "' is not known"};

  auto intent_value = parse_json(entry.intent_json);
  if (!intent_value) return intent_value.error().within(phrase);
  auto intent = intent_from_json(*intent_value);
  if (!intent) return intent.error().within(phrase);
  request.intent = *std::move(intent);

  auto verdict_value = parse_json(entry.verdict_json);
  if (!verdict_value) return verdict_value.error().within(phrase);
  JsonReader reader{*verdict_value};
  request.verdict.kind = VerdictKind::kHold;
  request.verdict.rule = reader.text("rule");
  request.verdict.agent = reader.text("agent");
  request.verdict.message = reader.text("message");
  request.verdict.timeout = std::chrono::seconds{reader.signed_number("timeout_s")};
  request.verdict.policy_version = reader.number("policy_version");
  auto approvers = approvers_from_json(reader.member("approvers"));
  if (!approvers) reader.fail(approvers.error().text());
  if (reader.fault()) return reader.fault()->within(phrase);
  request.verdict.approvers = *std::move(approvers);
  return request;
}

}  // namespace sluice::approval
