// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/backend.h"

#include <atomic>
#include <functional>
#include <mutex>
#include <set>

namespace sluice::control {

// Answers with what a test put into it, and remembers what it was asked. Safe from several threads.
class FakeBackend : public ControlBackend {
 public:
  // cgroup path -> runs; every other cgroup is outside.
  std::function<Answer<Lineage>(const std::string&)> runs_around = [](const std::string&) {
    return Answer<Lineage>{Lineage{}};
  };
  bool launcher = false;
  bool approver = false;
  StatusReport status_report;
  std::vector<AgentRow> agent_rows;
  std::vector<FlowRow> flow_rows;
  DoctorReport doctor_report;
  ApprovalsReport approvals_report;
  std::atomic<std::uint64_t> version{1};
  Answer<VoteReply> vote_reply = VoteReply{"approved", 0, ""};
  Answer<RevokeReply> revoke_reply = RevokeReply{{"run-1"}, {}, 2};
  Answer<RunReply> run_reply = RunReply{};
  Answer<ReloadReply> reload_reply = ReloadReply{7, true};
  std::function<void()> on_status = [] {};

  std::optional<Asking> last() const {
    const std::lock_guard lock{mutex_};
    return last_;
  }
  std::optional<VoteRequest> last_vote;
  std::optional<RunRequest> last_run;
  std::optional<RevokeRequest> last_revoke;

  Answer<Lineage> lineage_of(const std::string& cgroup_path) override {
    return runs_around(cgroup_path);
  }
  bool is_launcher(const Caller&) override { return launcher; }
  bool is_approver(const Caller&) override { return approver; }
  Answer<StatusReport> status(const Asking& asking) override {
    remember(asking);
    on_status();
    return status_report;
  }
  Answer<std::vector<AgentRow>> agents(const Asking& asking) override {
    remember(asking);
    return agent_rows;
  }
  Answer<std::vector<FlowRow>> flows(const Asking& asking) override {
    remember(asking);
    return flow_rows;
  }
  Answer<DoctorReport> doctor(const Asking& asking) override {
    remember(asking);
    return doctor_report;
  }
  Answer<ApprovalsReport> approvals(const Asking& asking, bool) override {
    remember(asking);
    ApprovalsReport report = approvals_report;
    report.version = version;
    return report;
  }
  std::uint64_t approvals_version() override { return version; }
  Answer<std::vector<SessionRow>> sessions(const Asking& asking) override {
    remember(asking);
    return std::vector<SessionRow>{};
  }
  Answer<VoteReply> vote(const Asking& asking, const VoteRequest& request) override {
    remember(asking);
    last_vote = request;
    return vote_reply;
  }
  Answer<RevokeReply> revoke(const Asking& asking, const RevokeRequest& request) override {
    remember(asking);
    last_revoke = request;
    return revoke_reply;
  }
  Answer<RunReply> run(const Asking& asking, const RunRequest& request) override {
    remember(asking);
    last_run = request;
    return run_reply;
  }
  Answer<ReloadReply> reload(const Asking& asking) override {
    remember(asking);
    return reload_reply;
  }

 private:
  void remember(const Asking& asking) {
    const std::lock_guard lock{mutex_};
    last_ = asking;
  }

  mutable std::mutex mutex_;
  std::optional<Asking> last_;
};

}  // namespace sluice::control
