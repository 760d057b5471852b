// SPDX-License-Identifier: Apache-2.0
#include "control/api.h"

#include "base/json_read.h"
#include "control/codec.h"

#include <boost/json.hpp>

#include <algorithm>
#include <charconv>

namespace sluice::control {
namespace {

constexpr std::string_view kOperatorGroup = "sluice";
constexpr std::size_t kTicketBytesMax = 32;
constexpr std::size_t kTextBytesMax = 1024;  // of a name, a task, a note

struct Endpoint {
  std::string_view method, path;
  Operation operation;
};
constexpr Endpoint kEndpoints[] = {
    {"GET", "/v1/status", Operation::kStatus},
    {"GET", "/v1/agents", Operation::kAgents},
    {"GET", "/v1/flows", Operation::kFlows},
    {"GET", "/v1/doctor", Operation::kDoctor},
    {"GET", "/v1/approvals", Operation::kApprovals},
    {"GET", "/v1/sessions", Operation::kSessions},
    {"POST", "/v1/revoke", Operation::kRevoke},
    {"POST", "/v1/runs", Operation::kRun},
    {"POST", "/v1/policy/reload", Operation::kReload},
};

Refusal invalid(std::string text) { return {Refusal::Kind::kInvalid, std::move(text)}; }

std::optional<std::uint64_t> number_in(std::string_view text) {
  std::uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

std::optional<Refusal> read_query(std::string_view query, Route& route) {
  while (!query.empty()) {
    const auto end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    const auto equals = std::min(pair.find('='), pair.size());
    const std::string_view key = pair.substr(0, equals);
    const auto value =
        number_in(equals < pair.size() ? pair.substr(equals + 1) : std::string_view{});
    if (!value) return invalid("'" + std::string(key.substr(0, 32)) + "' wants a number");
    if (key == "decided")
      route.decided = *value != 0;
    else if (key == "after")
      route.after_version = *value;
    else if (key == "wait")
      route.wait = std::chrono::seconds{std::min<std::uint64_t>(*value, 3600)};
    else
      return invalid("'" + std::string(key.substr(0, 32)) + "' is not known here");
  }
  return std::nullopt;
}

bool is_ticket(std::string_view text) {
  return !text.empty() && text.size() <= kTicketBytesMax &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); });
}

std::optional<Route> ticket_route(std::string_view method, std::string_view path) {
  constexpr std::string_view kPrefix = "/v1/approvals/";
  if (method != "POST" || path.substr(0, kPrefix.size()) != kPrefix) return std::nullopt;
  path.remove_prefix(kPrefix.size());
  const auto slash = path.find('/');
  if (slash == std::string_view::npos || !is_ticket(path.substr(0, slash))) return std::nullopt;
  Route route;
  route.ticket = std::string(path.substr(0, slash));
  const std::string_view verb = path.substr(slash + 1);
  if (verb == "approve")
    route.operation = Operation::kApprove;
  else if (verb == "deny")
    route.operation = Operation::kDeny;
  else
    return std::nullopt;
  return route;
}

unsigned status_of(Refusal::Kind kind) {
  switch (kind) {
    case Refusal::Kind::kInvalid: return 400;
    case Refusal::Kind::kForbidden: return 403;
    case Refusal::Kind::kNotFound: return 404;
    case Refusal::Kind::kConflict: return 409;
    case Refusal::Kind::kUnavailable: return 503;
    case Refusal::Kind::kFailed: break;
  }
  return 500;
}

template <class T>
Response reply(const Answer<T>& answer) {
  if (const auto* refusal = std::get_if<Refusal>(&answer)) return refuse(*refusal);
  return {200, boost::json::serialize(to_json(std::get<T>(answer))), false, {}, false};
}

template <class T>
std::optional<Refusal> read_body(std::string_view body, T& out) {
  auto value = parse_json(body);
  if (!value) return invalid(value.error().text());
  if (auto ok = read(*value, out); !ok) return invalid(ok.error().text());
  return std::nullopt;
}

// Text that will be stored, shown and logged: short, and without control characters, so that it can
// forge neither a log line nor a terminal.
std::optional<Refusal> check_text(std::string_view name, std::string_view text) {
  if (text.size() > kTextBytesMax)
    return invalid(std::string(name) + " is longer than " + std::to_string(kTextBytesMax) +
                   " bytes");
  for (const char c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      return invalid(std::string(name) + " holds a control character");
  return std::nullopt;
}

std::optional<Refusal> check_run(const RunRequest& request) {
  if (request.agent.empty()) return invalid("say which agent to start");
  if (auto wrong = check_text("agent", request.agent)) return wrong;
  if (auto wrong = check_text("on_behalf_of", request.on_behalf_of)) return wrong;
  if (auto wrong = check_text("task", request.task)) return wrong;
  return check_text("user", request.user);
}

}  // namespace

Answer<Route> route(std::string_view method, std::string_view target) {
  const auto question = std::min(target.find('?'), target.size());
  const std::string_view path = target.substr(0, question);
  const std::string_view query =
      question < target.size() ? target.substr(question + 1) : std::string_view{};
  std::optional<Route> found = ticket_route(method, path);
  for (const Endpoint& endpoint : kEndpoints) {
    if (endpoint.method != method || endpoint.path != path) continue;
    found.emplace();
    found->operation = endpoint.operation;
  }
  if (!found) return Refusal{Refusal::Kind::kNotFound, "there is no such endpoint"};
  if (!query.empty() && found->operation != Operation::kApprovals)
    return invalid("this endpoint takes no query");
  if (auto wrong = read_query(query, *found)) return *wrong;
  return *found;
}

Response refuse(const Refusal& refusal) {
  return {status_of(refusal.kind), boost::json::serialize(to_json(refusal)),
          refusal.kind == Refusal::Kind::kForbidden, refusal.text, false};
}

Answer<Caller> Api::place(Caller caller) {
  auto lineage = backend_.lineage_of(caller.cgroup_path);
  if (const auto* refusal = std::get_if<Refusal>(&lineage)) return *refusal;
  caller.lineage = std::get<Lineage>(std::move(lineage));
  return caller;
}

Standing Api::standing_of(const Caller& caller) {
  Standing standing;
  standing.inside_run = !caller.lineage.empty();
  if (standing.inside_run) return standing;
  standing.root = caller.uid == 0;
  standing.operators =
      std::find(caller.groups.begin(), caller.groups.end(), kOperatorGroup) != caller.groups.end();
  standing.approver = backend_.is_approver(caller);
  standing.launcher = backend_.is_launcher(caller);
  return standing;
}

Response Api::handle(const Caller& caller, const Route& route, std::string_view body) {
  const Authorisation answer = authorise(route.operation, standing_of(caller));
  if (!answer.allowed) return refuse({Refusal::Kind::kForbidden, answer.reason});
  return perform({caller, answer.scope}, route, body);
}

Response Api::perform(const Asking& asking, const Route& route, std::string_view body) {
  switch (route.operation) {
    case Operation::kStatus: return reply(backend_.status(asking));
    case Operation::kAgents: return reply(backend_.agents(asking));
    case Operation::kFlows: return reply(backend_.flows(asking));
    case Operation::kDoctor: return reply(backend_.doctor(asking));
    case Operation::kApprovals: return reply(backend_.approvals(asking, route.decided));
    case Operation::kSessions: return reply(backend_.sessions(asking));
    case Operation::kApprove:
    case Operation::kDeny: {
      VoteRequest request;
      if (auto wrong = read_body(body, request)) return refuse(*wrong);
      if (auto wrong = check_text("note", request.note)) return refuse(*wrong);
      request.ticket = route.ticket;
      request.approve = route.operation == Operation::kApprove;
      return reply(backend_.vote(asking, request));
    }
    case Operation::kRevoke: {
      RevokeRequest request;
      if (auto wrong = read_body(body, request)) return refuse(*wrong);
      if (request.target.empty()) return refuse(invalid("say what to revoke"));
      if (auto wrong = check_text("target", request.target)) return refuse(*wrong);
      return reply(backend_.revoke(asking, request));
    }
    case Operation::kRun: {
      RunRequest request;
      if (auto wrong = read_body(body, request)) return refuse(*wrong);
      if (auto wrong = check_run(request)) return refuse(*wrong);
      Response response = reply(backend_.run(asking, request));
      // The process is in a run now. Whoever inherits this connection must not go on as the caller
      // who opened it.
      response.close_after = true;
      return response;
    }
    case Operation::kReload: return reply(backend_.reload(asking));
    case Operation::kCount_: break;
  }
  return refuse({Refusal::Kind::kNotFound, "there is no such endpoint"});
}

}  // namespace sluice::control
