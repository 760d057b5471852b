// SPDX-License-Identifier: Apache-2.0
#include "approval/rules.h"

#include "base/time_text.h"

#include <algorithm>

namespace sluice::approval {
namespace {

bool contains(const std::vector<std::string>& list, const std::string& name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

// Root named by user name, not through a group: then the policy's author has said that root
// decides.
bool is_root_by_name(const Approvers& approvers, const Person& person) {
  return person.uid == 0 && contains(approvers.users, person.user);
}

std::string approvers_text(const Approvers& approvers) {
  std::string text;
  for (const auto& user : approvers.users) text += (text.empty() ? "" : ", ") + user;
  for (const auto& group : approvers.groups) text += (text.empty() ? "group " : ", group ") + group;
  return text.empty() ? "nobody" : text;
}

std::optional<VoteRefused> refuse_ballot(const Ballot& ballot, const Limits& limits) {
  using Why = VoteRefused::Why;
  if (ballot.note.size() > limits.note_bytes_max)
    return VoteRefused{Why::kInvalid, "the note is longer than " +
                                          std::to_string(limits.note_bytes_max) + " bytes"};
  if (!ballot.approve && ballot.note.empty())
    return VoteRefused{Why::kInvalid, "a denial needs a reason: it is told to the agent"};
  if (!ballot.grant_for) return std::nullopt;
  if (!ballot.approve) return VoteRefused{Why::kInvalid, "a denial cannot give a grant"};
  if (ballot.grant_for->count() <= 0 || *ballot.grant_for > limits.grant_max)
    return VoteRefused{Why::kInvalid,
                       "a grant lasts between 1s and " + duration_text(limits.grant_max)};
  return std::nullopt;
}

}  // namespace

bool names(const Approvers& approvers, const Person& person) {
  if (contains(approvers.users, person.user)) return true;
  return std::any_of(person.groups.begin(), person.groups.end(),
                     [&](const std::string& group) { return contains(approvers.groups, group); });
}

const Run* own_run(const Lineage& lineage, const Person& person) {
  for (const Run& run : lineage)
    if (run.launched_by == person.user || run.on_behalf_of == person.user) return &run;
  return nullptr;
}

std::optional<VoteRefused> refuse_vote(const Request& request, const Person& person,
                                       const Ballot& ballot, const Limits& limits) {
  using Why = VoteRefused::Why;
  const Approvers& approvers = request.verdict.approvers;
  if (!names(approvers, person))
    return VoteRefused{Why::kNotAnApprover, person.user + " is not an approver of rule '" +
                                                request.verdict.rule + "'; it names " +
                                                approvers_text(approvers)};
  if (const Run* run = own_run(*request.intent.lineage, person);
      run && !is_root_by_name(approvers, person))
    return VoteRefused{Why::kOwnRequest, "run " + run->id + " was started by, or acts for, " +
                                             person.user + ": somebody else must decide"};
  for (const Vote& vote : request.votes)
    if (vote.uid == person.uid)
      return VoteRefused{Why::kAlreadyVoted, person.user + " has voted; " +
                                                 std::to_string(still_needed(request)) +
                                                 " more must approve"};
  return refuse_ballot(ballot, limits);
}

std::uint32_t still_needed(const Request& request) {
  const auto approved = static_cast<std::uint32_t>(std::count_if(
      request.votes.begin(), request.votes.end(), [](const Vote& vote) { return vote.approve; }));
  const std::uint32_t wanted = std::max<std::uint32_t>(1, request.verdict.approvers.count);
  return wanted > approved ? wanted - approved : 0;
}

std::string deciders(const Request& request, bool approve) {
  std::string text;
  for (const Vote& vote : request.votes)
    if (vote.approve == approve) text += (text.empty() ? "" : ",") + vote.by;
  return text;
}

}  // namespace sluice::approval
