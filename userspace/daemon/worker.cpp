// SPDX-License-Identifier: Apache-2.0
#include "daemon/worker.h"

#include <poll.h>
#include <signal.h>
#include <spdlog/spdlog.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <iterator>

namespace sluice::daemon {

Result<void> Worker::turn() {
  // Who died while the other took over may have had the listeners taken out, by its keeper.
  if (claim_until_ > clock_.steady() && role_ != Role::kDraining)
    SLUICE_TRY_VOID(claim_listeners());
  if (successor_ && report_at_ <= clock_.steady()) {
    report_at_ = clock_.steady() + kReportEvery;
    successor_->report();
  }
  recorder_->write_out();
  if (role_ != Role::kServing) return {};
  // Before the events are written: they name the run.
  const auto enrolled = runs_->enrol();
  if (!enrolled && enrolled.error().text() != enrol_error_) {
    enrol_error_ = enrolled.error().text();
    spdlog::error("enrolment: {}", enrol_error_);
  }
  if (enrolled && *enrolled != 0) namespaces_->sweep();
  SLUICE_TRY_VOID(audit_->drain(*runs_, verdicts_->rules(), *kernel_, clock_));
  SLUICE_TRY_VOID(write_found_open());
  namespaces_->turn();
  SLUICE_TRY_VOID(audit_->append(dns_->take_lines()));
  approvals_->tick();
  runs_->sweep();
  const auto checkpoint = recorder_->checkpoint_if_due();
  if (!checkpoint) spdlog::error("recordings: {}", checkpoint.error().text());
  if (checkpoint && *checkpoint) spdlog::info("checkpoint {}", (*checkpoint)->text());
  return {};
}

Result<void> Worker::write_found_open() {
  const auto found = runs_->take_found_open();
  for (const auto& [run, connection, why] : found)
    if (!connection || !connection->killed)
      spdlog::warn("run {} ({}): {} from before its enrolment {}{}", run.run.id, run.run.agent,
                   connection ? "the connection to " + connection->remote.text() : "connections",
                   connection ? "lives on" : "are not all listed", why.empty() ? "" : ": " + why);
  return audit_->write_found_open(found, clock_);
}

Result<void> Worker::run_until_stopped() {
  while (!drained()) {
    pollfd waits[5] = {{signals_.get(), POLLIN, 0},
                       {audit_ ? audit_->poll_fd() : -1, POLLIN, 0},
                       {keeper_.socket(), POLLRDHUP, 0},  // bytes on it are another thread's reply
                       {successor_ ? successor_->poll_fd() : -1, POLLIN, 0},
                       {predecessor_ ? predecessor_->poll_fd() : -1, POLLIN, 0}};
    if (::poll(waits, std::size(waits), kTurnMs) < 0 && errno != EINTR)
      return Error::sys(errno, "wait");
    if ((waits[2].revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0) return Error{"the keeper ended"};
    if (waits[3].revents != 0 && !successor_->handle()) lose_successor();
    if (waits[4].revents != 0 && !predecessor_->handle()) bury_predecessor();
    if (failure_) return *failure_;
    signalfd_siginfo signal{};
    while (::read(signals_.get(), &signal, sizeof signal) == sizeof signal) {
      if (signal.ssi_signo == SIGUSR1) {
        meet_successor();
        continue;
      }
      if (signal.ssi_signo != SIGHUP) return {};
      if (role_ != Role::kServing) continue;  // the new daemon's policy counts
      const auto changed = reload();
      if (!changed)
        spdlog::error("reload refused, the policy in force stays:\n{}", changed.error().text());
      else
        spdlog::info("reloaded the policy: {}", *changed ? "it changed" : "no change");
    }
    SLUICE_TRY_VOID(turn());
  }
  return {};
}

void Worker::stop() {
  if (heartbeat_) heartbeat_->stop();
  if (role_ == Role::kDraining) {
    // Everything but these flows is the new daemon's.
    flows_->stop("sluice was replaced, and drain_timeout is over: connect again");
    return;
  }
  // The kernel refuses from here on; nobody can be steered to a port that somebody else may take.
  // Unless this daemon was to take over and could not: its predecessor serves on.
  const bool in_force = !predecessor_ || serving_since_start_;
  if (kernel_ && in_force) {
    static_cast<void>(kernel_->forget_listeners());
    static_cast<void>(kernel_->set_unix_listener(-1));
    static_cast<void>(kernel_->forget_resolvers());
    static_cast<void>(kernel_->set_alive_until(0));
  }
  if (namespaces_) namespaces_->let_go();
  control_.reset();
  end_dns();
  if (flows_) flows_->stop("sluice is stopping");
  if (audit_ && runs_ && verdicts_)
    static_cast<void>(audit_->drain(*runs_, verdicts_->rules(), *kernel_, clock_));
  resolver_.reset();
  if (recorder_) {
    const auto checkpoint = recorder_->checkpoint();
    if (checkpoint)
      spdlog::info("checkpoint {}", checkpoint->text());
    else
      spdlog::error("recordings: {}", checkpoint.error().text());
  }
}

}  // namespace sluice::daemon
