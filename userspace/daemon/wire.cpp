// SPDX-License-Identifier: Apache-2.0
#include "daemon/wire.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spdlog/spdlog.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <filesystem>

#include "approval/book.h"
#include "base/cgroup_mount.h"
#include "base/system_clock.h"
#include "control/server.h"
#include "daemon/audit_log.h"
#include "daemon/backend.h"
#include "daemon/flow_factory.h"
#include "daemon/host_files.h"
#include "daemon/policy_holder.h"
#include "daemon/run_registry.h"
#include "daemon/verdict_publisher.h"
#include "keeper/sandbox.h"
#include "kernel/awaited.h"
#include "kernel/kernel_maps.h"
#include "net/flow_server.h"
#include "net/host_ca.h"
#include "net/postgres_catalog.h"
#include "net/resolver.h"
#include "record/recorder.h"
#include "store/store.h"

namespace sluice::daemon {
namespace {

constexpr int kTurnMs =
    100;  // how late an ended run, a new cgroup or an expired request may be seen

policy::AddressBook book_of(const net::AddressBook& resolved) {
  policy::AddressBook book;
  for (const auto& [name, addresses] : resolved) book.set(name, addresses);
  return book;
}

// What `require:` in the policy asks for and this host does not have.
Result<void> check_required(const policy::Policy& policy,
                            const std::vector<kernel::Feature>& features) {
  for (const std::string& id : policy.require()) {
    const auto found = std::find_if(features.begin(), features.end(),
                                    [&](const kernel::Feature& f) { return f.id == id; });
    if (found == features.end())
      return Error{"the policy requires '" + id +
                   "', which is no guarantee that `sluice doctor` knows"};
    if (!found->held)
      return Error{"the policy requires '" + id +
                   "', which this host does not have: " + found->why_not};
  }
  for (const kernel::Feature& feature : features)
    if (feature.required && !feature.held)
      return Error{"this host cannot enforce: " + feature.id + ": " + feature.why_not};
  return {};
}

// Where the keeper makes runs, below the mount (keeper/runs.h).
Result<std::string> directory_of_runs(const CgroupMount& mount, const std::string& cgroup_root) {
  if (cgroup_root.empty()) return std::string{"/sluice"};
  std::error_code failed;
  const std::string root = std::filesystem::canonical(cgroup_root, failed).string();
  if (failed || !is_same_or_below(mount.path, root))
    return Error::sys(failed ? failed.value() : EINVAL, "cgroup_root '" + cgroup_root + "'");
  return root.substr(mount.path.size()) + "/sluice";
}

// Ends flows whose resource is not what it was: they would go on under rules for masking that are
// void.
void end_changed_resources(const policy::Policy& before, const policy::Policy& now,
                           net::FlowTable& flows) {
  for (const auto& resource : before.resources()) {
    const Resource* same = now.resource_named(resource->name);
    if (same == nullptr || !(*same == *resource))
      flows.terminate_resource(resource->name, "the policy changed its resource; connect again");
  }
}

class Worker {
 public:
  Worker(const control::Config& config, Prepared prepared, UniqueFd keeper_socket)
      : config_(config),
        prepared_(std::move(prepared)),
        keeper_(std::move(keeper_socket)),
        policies_(config.policy_dir, clock_) {}

  Result<void> start();
  Result<void> run_until_stopped();
  void stop();

 private:
  Result<void> open_state();
  Result<void> open_runs();
  Result<void> open_flows();
  Result<void> open_control();
  Result<bool> reload();
  Result<void> turn();
  Result<void> write_found_open();

  const control::Config& config_;
  Prepared prepared_;
  SystemClock clock_;
  keeper::KeeperClient keeper_;
  PolicyHolder policies_;
  UniqueFd signals_;

  std::unique_ptr<store::Store> store_;
  std::unique_ptr<record::DirectoryRecorder> recorder_;
  std::unique_ptr<approval::ApprovalBook> approvals_;
  std::unique_ptr<kernel::KernelMaps> kernel_;
  std::optional<kernel::AwaitedCgroups> awaited_;
  std::unique_ptr<VerdictPublisher> verdicts_;
  std::unique_ptr<RunRegistry> runs_;
  std::unique_ptr<net::HostCa> host_ca_;
  std::unique_ptr<net::PostgresCatalogService> catalogs_;
  std::unique_ptr<FlowFactory> factory_;
  std::unique_ptr<net::FlowServer> flows_;
  std::unique_ptr<net::Resolver> resolver_;
  std::optional<AuditLog> audit_;
  std::atomic<std::uint64_t> events_{0};
  std::atomic<std::uint64_t> events_lost_{0};
  std::unique_ptr<Backend> backend_;
  std::unique_ptr<control::ControlServer> control_;
  std::mutex reload_mutex_;
  std::string enrol_error_;
};

Result<void> Worker::open_state() {
  SLUICE_TRY(store_, store::Store::open(config_.store_file()));
  record::RecorderOptions recording;
  recording.directory = config_.recordings_dir();
  recording.key_directory = config_.state_dir + "/keys";
  recording.durability = config_.durability == control::Durability::kDisk
                             ? record::Durability::kDisk
                             : record::Durability::kProcess;
  SLUICE_TRY(recorder_, record::DirectoryRecorder::start(recording, clock_));
  for (const std::string& what : recorder_->recovered()) spdlog::warn("recordings: {}", what);
  SLUICE_TRY(approvals_, approval::ApprovalBook::open(store_->approvals(), clock_));
  net::HostCa::Options ca;
  ca.directory = config_.state_dir + "/ca";
  SLUICE_TRY(host_ca_, net::HostCa::open(ca, clock_));
  SLUICE_TRY_VOID(publish_file(host_ca_->certificate_path(), config_.run_dir + "/host-ca.pem"));
  SLUICE_TRY_VOID(publish_file(host_ca_->bundle_path(), config_.run_dir + "/ca-bundle.pem"));
  return {};
}

Result<void> Worker::open_runs() {
  SLUICE_TRY(const CgroupMount mount, find_cgroup_mount());
  SLUICE_TRY(auto events, kernel::duplicate(prepared_.maps));
  SLUICE_TRY(auto reader, kernel::EventReader::open(std::move(events[kernel::MapName::kEvents])));
  SLUICE_TRY(auto audit, AuditLog::open(config_.audit_file(), std::move(reader)));
  audit_.emplace(std::move(audit));
  SLUICE_TRY(auto awaited, kernel::AwaitedCgroups::adopt(prepared_.maps));
  awaited_.emplace(std::move(awaited));
  SLUICE_TRY(auto subject_rules, kernel::SubjectRules::adopt(prepared_.maps));
  SLUICE_TRY(kernel_, kernel::KernelMaps::adopt(std::move(prepared_.maps), mount.path));
  // Numbers of lineages mean something in one process only: what an earlier daemon wrote is void.
  SLUICE_TRY_VOID(kernel_->next_epoch());
  SLUICE_TRY(const std::uint32_t last_run, kernel_->highest_subject());
  SLUICE_TRY(const std::uint32_t last_awaited, awaited_->highest_subject());
  verdicts_ = std::make_unique<VerdictPublisher>(*kernel_, std::move(subject_rules), policies_,
                                                 std::max(last_run, last_awaited));
  SLUICE_TRY(const std::string runs_directory, directory_of_runs(mount, config_.cgroup_root));
  SLUICE_TRY(const std::string own_cgroup, cgroup_of_process(mount, ::getpid()));
  runs_ = std::make_unique<RunRegistry>(
      RunRegistry::Ports{keeper_, *kernel_, *verdicts_, store_->runs(), policies_, clock_, mount,
                         *awaited_, runs_directory, own_cgroup},
      [this](const RunId& run, const std::string& reason) {
        if (flows_) flows_->flows().terminate_run(run, "run " + run + " ended: " + reason);
        approvals_->end_run(run, "the run ended: " + reason);
        spdlog::info("run {} ended: {}", run, reason);
      });
  SLUICE_TRY_VOID(runs_->await_matches());
  SLUICE_TRY(const std::size_t adopted, runs_->adopt_living());
  if (adopted != 0) spdlog::info("adopted {} living runs of an earlier daemon", adopted);
  return {};
}

Result<void> Worker::open_flows() {
  catalogs_ = std::make_unique<net::PostgresCatalogService>(
      net::PostgresCatalogService::Options{}, clock_,
      [this](const std::string& file) { return keeper_.read_password(file); });
  SLUICE_TRY(const Secret mask_key, load_or_make_key(config_.state_dir + "/keys/mask.key"));
  SLUICE_TRY(factory_,
             FlowFactory::make(
                 {*kernel_, *runs_, policies_, *verdicts_, keeper_, *recorder_, clock_}, mask_key));
  net::FlowServerOptions options;
  options.threads = config_.threads;
  options.warn = [](std::string_view text) { spdlog::warn("{}", text); };
  flows_ = std::make_unique<net::FlowServer>(
      std::move(options), net::FlowServer::Ports{clock_, *approvals_, *catalogs_, *host_ca_});
  net::Resolver::Options resolving;
  resolving.warn = [](std::string_view text) { spdlog::warn("{}", text); };
  resolver_ = std::make_unique<net::Resolver>(
      std::move(resolving), clock_, [this](const std::shared_ptr<const net::AddressBook>& book) {
        policies_.set_book(std::make_shared<policy::AddressBook>(book_of(*book)));
        if (const auto written = verdicts_->republish(); !written)
          spdlog::error("verdict map: {}; connects are steered and judged one by one",
                        written.error().text());
      });
  resolver_->set_names(policies_.policy()->host_names());
  resolver_->wait_resolved(std::chrono::seconds{10});
  return flows_->start(std::move(prepared_.listeners),
                       [this](int fd) { return factory_->accept(fd); });
}

Result<void> Worker::open_control() {
  std::vector<std::string> listeners;
  for (const auto& listener : {prepared_.listener_v4, prepared_.listener_v6})
    if (listener) listeners.push_back(listener->text());
  backend_ = std::make_unique<Backend>(
      Backend::Ports{config_, policies_, *runs_, *approvals_, *flows_, *kernel_, keeper_, *factory_,
                     clock_, prepared_.features, listeners, config_.run_dir + "/host-ca.pem",
                     config_.run_dir + "/ca-bundle.pem", [this] { return reload(); },
                     [this] {
                       return std::pair{events_.load(), events_lost_.load()};
                     }});
  SLUICE_TRY(
      control_,
      control::ControlServer::start(
          std::move(prepared_.control_socket), *backend_, [](const control::RefusedCall& call) {
            spdlog::warn("refused {} to {} (pid {}{}): {}", call.operation, call.user, call.pid,
                         call.run.empty() ? "" : ", inside " + call.run, call.reason);
          }));
  approvals_->on_change([this] { control_->approvals_changed(); });
  return {};
}

Result<void> Worker::start() {
  sigset_t wanted;
  sigemptyset(&wanted);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&wanted, signal);
  sigprocmask(SIG_BLOCK, &wanted, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  signals_ = UniqueFd{::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK)};
  if (!signals_) return Error::sys(errno, "wait for signals");

  const auto policy = policies_.load();
  if (!policy) return policy.error().within("policy");
  SLUICE_TRY_VOID(check_required(*policies_.policy(), prepared_.features));
  SLUICE_TRY_VOID(open_state());
  SLUICE_TRY_VOID(open_runs());
  SLUICE_TRY_VOID(open_flows());
  const auto enrolled = runs_->enrol_living();
  if (!enrolled) return enrolled.error().within("enrolment");
  if (*enrolled != 0) spdlog::info("enrolled {} cgroups that the policy matches", *enrolled);
  SLUICE_TRY_VOID(open_control());
  SLUICE_TRY_VOID(keeper::install_seccomp());
  // Last: until now what is steered is refused by the kernel.
  return kernel_->set_listeners(prepared_.listener_v4, prepared_.listener_v6);
}

Result<bool> Worker::reload() {
  const std::lock_guard lock{reload_mutex_};
  const auto before = policies_.policy();
  SLUICE_TRY(const bool changed, policies_.load());
  if (!changed) return false;
  const auto now = policies_.policy();
  end_changed_resources(*before, *now, flows_->flows());
  catalogs_->forget_all();
  resolver_->set_names(now->host_names());
  // A match that cannot be enrolled keeps no other from it.
  if (const auto enrolled = runs_->await_and_enrol(); !enrolled)
    spdlog::error("enrolment: {}", enrolled.error().text());
  SLUICE_TRY_VOID(verdicts_->republish());
  return true;
}

Result<void> Worker::write_found_open() {
  const auto found = runs_->take_found_open();
  for (const auto& [run, connection, why_kept] : found)
    if (!connection || !connection->killed)
      spdlog::warn("run {} ({}): {} from before its enrolment {}{}", run.run.id, run.run.agent,
                   connection ? "the connection to " + connection->remote.text() : "connections",
                   connection ? "lives on" : "could not be listed",
                   why_kept.empty() ? "" : ": " + why_kept);
  return audit_->write_found_open(found, clock_);
}

Result<void> Worker::turn() {
  // Before the events are written: they name the run.
  const auto enrolled = runs_->enrol();
  if (!enrolled && enrolled.error().text() != enrol_error_) {
    enrol_error_ = enrolled.error().text();
    spdlog::error("enrolment: {}", enrol_error_);
  }
  SLUICE_TRY_VOID(audit_->drain(*runs_, policies_, clock_));
  SLUICE_TRY_VOID(write_found_open());
  events_ = audit_->events();
  events_lost_ = audit_->lost();
  approvals_->tick();
  runs_->sweep();
  const auto checkpoint = recorder_->checkpoint_if_due();
  if (!checkpoint) spdlog::error("recordings: {}", checkpoint.error().text());
  if (checkpoint && *checkpoint) spdlog::info("checkpoint {}", (*checkpoint)->text());
  return {};
}

Result<void> Worker::run_until_stopped() {
  while (true) {
    pollfd waits[3] = {{signals_.get(), POLLIN, 0},
                       {audit_->poll_fd(), POLLIN, 0},
                       {keeper_.socket(), POLLRDHUP, 0}};  // bytes on it are another thread's reply
    if (::poll(waits, 3, kTurnMs) < 0 && errno != EINTR) return Error::sys(errno, "wait");
    if ((waits[2].revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0) return Error{"the keeper ended"};
    signalfd_siginfo signal{};
    while (::read(signals_.get(), &signal, sizeof signal) == sizeof signal) {
      if (signal.ssi_signo != SIGHUP) return {};
      const auto changed = reload();
      if (!changed)
        spdlog::error("reload refused, the policy in force stays:\n{}", changed.error().text());
      else
        spdlog::info("reloaded the policy: {}", *changed ? "it changed" : "no change");
    }
    SLUICE_TRY_VOID(turn());
  }
}

void Worker::stop() {
  // The kernel refuses from here on; nobody can be steered to a port that somebody else may take.
  if (kernel_) static_cast<void>(kernel_->set_listeners(std::nullopt, std::nullopt));
  control_.reset();
  if (flows_) flows_->stop("sluice is stopping");
  if (audit_ && runs_) static_cast<void>(audit_->drain(*runs_, policies_, clock_));
  resolver_.reset();
  if (recorder_) {
    const auto checkpoint = recorder_->checkpoint();
    if (checkpoint)
      spdlog::info("checkpoint {}", checkpoint->text());
    else
      spdlog::error("recordings: {}", checkpoint.error().text());
  }
}

}  // namespace

Result<void> run_worker(const control::Config& config, Prepared prepared, UniqueFd keeper_socket) {
  Worker worker{config, std::move(prepared), std::move(keeper_socket)};
  auto result = worker.start();
  if (result) {
    spdlog::info("sluiced is ready");
    result = worker.run_until_stopped();
  }
  worker.stop();
  return result;
}

}  // namespace sluice::daemon
