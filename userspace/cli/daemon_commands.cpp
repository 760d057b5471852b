// SPDX-License-Identifier: Apache-2.0
#include "base/json_read.h"
#include "cli/ask.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/show.h"
#include "control/codec.h"

#include <boost/json.hpp>

#include <map>
#include <ostream>

namespace sluice::cli {
namespace {

// Asks, and reads the answer into `out`. nullopt: go on; else the exit code. With `json` the
// document is printed as it came.
template <class T>
std::optional<int> fetch(Context& context, bool json, const std::string& method,
                         const std::string& target, const std::string& body, T& out) {
  const Asked asked = ask(context, method, target, body);
  if (!asked.document) return asked.code;
  auto value = parse_json(*asked.document);
  if (!value) return unreadable(context, value.error());
  if (auto ok = control::read(*value, out); !ok) return unreadable(context, ok.error());
  if (json) context.out << *asked.document << "\n";
  return std::nullopt;
}

template <class T>
int list(Context& context, bool json, const std::string& target) {
  T report;
  if (const auto code = fetch(context, json, "GET", target, {}, report)) return *code;
  if (!json) context.out << show(report, context.clock.wall());
  return kDone;
}

// Shows what is new or has changed since the last look, each once.
class Follower {
 public:
  Follower(Context& context, bool json) : context_(context), json_(json) {}

  void show_news(const control::ApprovalsReport& report, bool first_look) {
    for (const control::ApprovalRow& row : report.approvals) {
      const std::string now = row.state + "/" + std::to_string(row.votes.size());
      std::string& before = seen_[row.ticket];
      const bool news = before != now;
      before = now;
      // What was decided before we came is no news.
      if (!news || (first_look && row.state != "pending")) continue;
      if (json_)
        print_json(row);
      else
        context_.out << show(row, context_.clock.wall()) << "\n";
    }
    context_.out.flush();
  }

 private:
  // The row as the daemon writes it: a report of this one.
  void print_json(const control::ApprovalRow& row) {
    control::ApprovalsReport one;
    one.approvals.push_back(row);
    const auto value = control::to_json(one);
    context_.out << boost::json::serialize(value.at("approvals").at(0)) << "\n";
  }

  Context& context_;
  bool json_;
  std::map<TicketId, std::string> seen_;
};

int follow(bool json, Context& context) {
  Follower follower{context, json};
  std::string target = "/v1/approvals?decided=1";
  for (bool first_look = true;; first_look = false) {
    control::ApprovalsReport report;
    if (const auto code = fetch(context, false, "GET", target, {}, report)) return *code;
    follower.show_news(report, first_look);
    if (!context.out) return kNo;  // nobody reads any more
    target = "/v1/approvals?decided=1&after=" + std::to_string(report.version) + "&wait=25";
  }
}

}  // namespace

int status(bool json, Context& context) {
  return list<control::StatusReport>(context, json, "/v1/status");
}
int agents(bool json, Context& context) {
  return list<std::vector<control::AgentRow>>(context, json, "/v1/agents");
}
int flows(bool json, Context& context) {
  return list<std::vector<control::FlowRow>>(context, json, "/v1/flows");
}

int approvals(const ApprovalsCommand& command, bool json, Context& context) {
  if (command.follow) return follow(json, context);
  return list<control::ApprovalsReport>(context, json,
                                        command.all ? "/v1/approvals?decided=1" : "/v1/approvals");
}

int vote(const VoteCommand& command, bool json, Context& context) {
  const control::VoteRequest& request = command.request;
  const std::string target =
      "/v1/approvals/" + request.ticket + (request.approve ? "/approve" : "/deny");
  control::VoteReply reply;
  if (const auto code = fetch(context, json, "POST", target,
                              boost::json::serialize(control::to_json(request)), reply))
    return *code;
  if (!json) context.out << show(reply, request.ticket);
  return kDone;
}

int revoke(const RevokeCommand& command, bool json, Context& context) {
  control::RevokeReply reply;
  if (const auto code = fetch(
          context, json, "POST", "/v1/revoke",
          boost::json::serialize(control::to_json(control::RevokeRequest{command.target})), reply))
    return *code;
  if (!json) context.out << show(reply);
  return kDone;
}

int reload(bool json, Context& context) {
  control::ReloadReply reply;
  if (const auto code = fetch(context, json, "POST", "/v1/policy/reload", "{}", reply))
    return *code;
  if (!json)
    context.out << (reply.changed ? "the new policy is in force\n"
                                  : "the policy has not changed\n");
  return kDone;
}

}  // namespace sluice::cli
