// SPDX-License-Identifier: Apache-2.0
#include "daemon/wire.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spdlog/spdlog.h>
#include <sys/signalfd.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <iterator>

#include "approval/book.h"
#include "base/system_clock.h"
#include "control/server.h"
#include "daemon/audit_log.h"
#include "daemon/backend.h"
#include "daemon/flow_factory.h"
#include "daemon/host_files.h"
#include "daemon/policy_holder.h"
#include "daemon/run_registry.h"
#include "daemon/succession.h"
#include "daemon/verdict_publisher.h"
#include "keeper/sandbox.h"
#include "kernel/guarantees.h"
#include "kernel/kernel_maps.h"
#include "net/flow_server.h"
#include "net/host_ca.h"
#include "net/postgres_catalog.h"
#include "net/resolver.h"
#include "record/recorder.h"
#include "store/store.h"

namespace sluice::daemon {
namespace {

constexpr std::chrono::milliseconds kReportEvery{500};
// Longer than a keeper takes from its worker's death to its own end.
constexpr std::chrono::seconds kClaimFor{3};
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
  std::string text;
  for (const std::string& missing : kernel::what_is_missing(features, policy.require()))
    text += "\n  " + missing;
  if (text.empty()) return {};
  return Error{"this host cannot enforce what is required:" + text +
               "\n`sluice doctor` lists every guarantee; mend the host, or take the word out of "
               "`require:` in the policy"};
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
  Result<void> open_host_ca();
  void open_resolver();
  Result<void> open_state();
  Result<void> open_audit();
  Result<void> open_runs();
  Result<void> open_flows();
  Result<void> open_control();
  Result<void> serve_control();
  Result<void> check_secrets(const policy::Policy& policy);
  Result<std::shared_ptr<const policy::Policy>> read_policy(bool secrets);
  Result<bool> reload();
  Result<void> turn();
  Result<void> claim_listeners();

  // As the one that is replaced (daemon/succession.h).
  void meet_successor();
  void yield();
  void drain(std::chrono::seconds timeout);
  void reload_for_successor();
  void lose_successor();
  void bury_predecessor();
  Result<void> resume();
  CountedSoFar counted() const;
  bool drained() const;
  void end_run_there(const RunId& run, const std::string& reason);

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
  std::unique_ptr<VerdictPublisher> verdicts_;
  std::unique_ptr<RunRegistry> runs_;
  std::unique_ptr<net::HostCa> host_ca_;
  std::unique_ptr<net::PostgresCatalogService> catalogs_;
  std::unique_ptr<FlowFactory> factory_;
  std::unique_ptr<net::FlowServer> flows_;
  std::unique_ptr<net::Resolver> resolver_;
  std::optional<AuditLog> audit_;
  std::unique_ptr<Backend> backend_;
  std::shared_ptr<control::ControlServer> control_;
  std::unique_ptr<Predecessor> predecessor_;
  std::unique_ptr<Successor> successor_;
  // Serving; waiting for the new daemon to serve; ending the flows that are left.
  enum class Role { kServing, kYielded, kDraining } role_ = Role::kServing;
  bool serving_since_start_ = false;  // false: the predecessor is still the one in force
  SteadyTime drain_until_{};
  SteadyTime report_at_{};
  SteadyTime claim_until_{};
  std::atomic<bool> publishing_{false};
  std::optional<Error> failure_;
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
  return {};
}

Result<void> Worker::open_host_ca() {
  net::HostCa::Options ca;
  ca.directory = config_.state_dir + "/ca";
  SLUICE_TRY(host_ca_, net::HostCa::open(ca, clock_));
  SLUICE_TRY_VOID(publish_file(host_ca_->certificate_path(), config_.run_dir + "/host-ca.pem"));
  SLUICE_TRY_VOID(publish_file(host_ca_->bundle_path(), config_.run_dir + "/ca-bundle.pem"));
  return {};
}

Result<void> Worker::open_runs() {
  SLUICE_TRY(const CgroupMount mount, find_cgroup_mount());
  SLUICE_TRY_VOID(open_audit());
  SLUICE_TRY(auto maps, kernel::duplicate(prepared_.maps));
  SLUICE_TRY(kernel_, kernel::KernelMaps::adopt(std::move(maps), mount.path));
  SLUICE_TRY_VOID(kernel_->require_audit(config_.audit_required));
  // What an earlier daemon wrote is void, at once where it is dead. Where it hands over, each run
  // keeps its entries until it gets those of its new number.
  SLUICE_TRY(const std::uint32_t before, kernel_->largest_subject());
  if (!predecessor_) SLUICE_TRY_VOID(kernel_->next_epoch());
  verdicts_ = std::make_unique<VerdictPublisher>(*kernel_, policies_, before);
  publishing_ = true;
  runs_ = std::make_unique<RunRegistry>(
      RunRegistry::Ports{keeper_, *kernel_, *verdicts_, store_->runs(), policies_, clock_, mount},
      [this](const RunId& run, const std::string& reason) {
        if (flows_) flows_->flows().terminate_run(run, "run " + run + " ended: " + reason);
        approvals_->end_run(run, "the run ended: " + reason);
        spdlog::info("run {} ended: {}", run, reason);
      });
  SLUICE_TRY(const std::size_t adopted, runs_->adopt_living());
  if (adopted != 0) spdlog::info("adopted {} living runs of an earlier daemon", adopted);
  return kernel_->drop_verdicts_up_to(before);
}

Result<void> Worker::open_audit() {
  SLUICE_TRY(auto maps, kernel::duplicate(prepared_.maps));
  SLUICE_TRY(auto reader, kernel::EventReader::open(std::move(maps[kernel::MapName::kEvents]),
                                                    std::move(maps[kernel::MapName::kAudited])));
  SLUICE_TRY(auto audit, AuditLog::open(config_.audit_file(), std::move(reader)));
  audit_.emplace(std::move(audit));
  return {};
}

// Before anything of a predecessor is taken: names may take seconds to resolve.
void Worker::open_resolver() {
  net::Resolver::Options resolving;
  resolving.warn = [](std::string_view text) { spdlog::warn("{}", text); };
  resolver_ = std::make_unique<net::Resolver>(
      std::move(resolving), clock_, [this](const std::shared_ptr<const net::AddressBook>& book) {
        const auto replace = [&](const PolicyHolder::Flip& flip) {
          return policies_.replace_book(std::make_shared<policy::AddressBook>(book_of(*book)),
                                        flip);
        };
        if (!publishing_) {
          static_cast<void>(replace([] { return Result<void>{}; }));
          return;
        }
        if (const auto written = verdicts_->change(replace); !written)
          spdlog::error("verdict map: {}; connects are steered and judged one by one",
                        written.error().text());
      });
  resolver_->set_names(policies_.policy()->host_names());
  resolver_->wait_resolved(std::chrono::seconds{10});
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
  flows_->cancels().forward_unknown_to([this](ByteView key, const std::string& owner) {
    if (predecessor_) predecessor_->cancel(key, owner);
  });
  return flows_->start(std::move(prepared_.listeners),
                       [this](int fd) { return factory_->accept(fd); });
}

Result<void> Worker::open_control() {
  std::vector<std::string> listeners;
  for (const auto& listener : {prepared_.listener_v4, prepared_.listener_v6})
    if (listener) listeners.push_back(listener->text());
  backend_ = std::make_unique<Backend>(Backend::Ports{
      config_, policies_, *runs_, *approvals_, *flows_, *kernel_, keeper_, *factory_, clock_,
      prepared_.features, prepared_.links, listeners, config_.run_dir + "/host-ca.pem",
      config_.run_dir + "/ca-bundle.pem", [this] { return reload(); },
      [this]() -> Result<kernel::Books> {
        SLUICE_TRY_VOID(audit_->drain(*runs_, verdicts_->rules(), *kernel_, clock_));
        return kernel_->books(audit_->audited());
      },
      [this] { return predecessor_ ? predecessor_->counted() : CountedSoFar{}; },
      [this](const RunId& run, const std::string& reason) { end_run_there(run, reason); }});
  return serve_control();
}

Result<void> Worker::serve_control() {
  UniqueFd socket{::fcntl(prepared_.control_socket.get(), F_DUPFD_CLOEXEC, 0)};
  if (!socket) return Error::sys(errno, "duplicate the control socket");
  SLUICE_TRY(control_, control::ControlServer::start(
                           std::move(socket), *backend_, [](const control::RefusedCall& call) {
                             spdlog::warn("refused {} to {} (pid {}{}): {}", call.operation,
                                          call.user, call.pid,
                                          call.run.empty() ? "" : ", inside " + call.run,
                                          call.reason);
                           }));
  approvals_->on_change([control = std::weak_ptr{control_}] {
    if (const auto server = control.lock()) server->approvals_changed();
  });
  return {};
}

Result<void> Worker::start() {
  sigset_t wanted;
  sigemptyset(&wanted);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1}) sigaddset(&wanted, signal);
  sigprocmask(SIG_BLOCK, &wanted, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  signals_ = UniqueFd{::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK)};
  if (!signals_) return Error::sys(errno, "wait for signals");

  // At a start the secrets were read before anything was loaded (daemon/preflight).
  const auto policy = read_policy(false);
  if (!policy) return policy.error().within("policy");
  SLUICE_TRY_VOID(policies_.replace(*policy, [] { return Result<void>{}; }));
  SLUICE_TRY_VOID(open_host_ca());
  open_resolver();
  if (prepared_.predecessor) {
    predecessor_ = std::make_unique<Predecessor>(std::move(prepared_.predecessor));
    SLUICE_TRY_VOID(predecessor_->yield());
  }
  SLUICE_TRY_VOID(open_state());
  SLUICE_TRY_VOID(open_runs());
  SLUICE_TRY_VOID(open_flows());
  SLUICE_TRY(const std::size_t enrolled, runs_->enrol());
  if (enrolled != 0) spdlog::info("enrolled {} cgroups that the policy matches", enrolled);
  SLUICE_TRY_VOID(open_control());
  SLUICE_TRY_VOID(keeper::install_seccomp());
  // Last: until now what is steered is refused by the kernel.
  SLUICE_TRY_VOID(claim_listeners());
  if (predecessor_) SLUICE_TRY_VOID(predecessor_->drain(config_.drain_timeout));
  serving_since_start_ = true;
  return {};
}

Result<void> Worker::claim_listeners() {
  return kernel_->set_listeners(prepared_.listener_v4, prepared_.listener_v6);
}

Result<void> Worker::check_secrets(const policy::Policy& policy) {
  for (const std::string& file : policy.secret_files())
    if (const auto read = keeper_.read_password(file); !read) return read.error();
  return {};
}

Result<std::shared_ptr<const policy::Policy>> Worker::read_policy(bool secrets) {
  return policies_.read([this, secrets](const policy::Policy& policy) -> Result<void> {
    SLUICE_TRY_VOID(
        check_required(policy, kernel::with_attachments(prepared_.features, prepared_.links)));
    return secrets ? check_secrets(policy) : Result<void>{};
  });
}

Result<bool> Worker::reload() {
  const std::lock_guard lock{reload_mutex_};
  const auto before = policies_.policy();
  SLUICE_TRY(const auto now, read_policy(true));
  if (now->version() == before->version()) return false;
  const auto written = verdicts_->change(
      [&](const PolicyHolder::Flip& flip) { return policies_.replace(now, flip); });
  if (policies_.policy() != now) return written.error();
  end_changed_resources(*before, *now, flows_->flows());
  catalogs_->forget_all();
  resolver_->set_names(now->host_names());
  if (predecessor_) predecessor_->reload();
  if (!written) return written.error();
  return true;
}

Result<void> Worker::turn() {
  // Who died while the other took over may have had the listeners taken out, by its keeper.
  if (claim_until_ > clock_.steady() && role_ != Role::kDraining)
    SLUICE_TRY_VOID(claim_listeners());
  if (successor_ && report_at_ <= clock_.steady()) {
    report_at_ = clock_.steady() + kReportEvery;
    successor_->report();
  }
  if (role_ != Role::kServing) return {};
  SLUICE_TRY_VOID(audit_->drain(*runs_, verdicts_->rules(), *kernel_, clock_));
  approvals_->tick();
  runs_->sweep();
  const auto enrolled = runs_->enrol();
  if (!enrolled && enrolled.error().text() != enrol_error_) {
    enrol_error_ = enrolled.error().text();
    spdlog::error("enrolment: {}", enrol_error_);
  }
  const auto checkpoint = recorder_->checkpoint_if_due();
  if (!checkpoint) spdlog::error("recordings: {}", checkpoint.error().text());
  if (checkpoint && *checkpoint) spdlog::info("checkpoint {}", (*checkpoint)->text());
  return {};
}

// --- handing over to another daemon
// --------------------------------------------------------------------

void Worker::meet_successor() {
  auto channel = keeper_.take_successor();
  if (!channel || role_ != Role::kServing) return;  // it sees the channel's end
  Successor::Orders orders;
  orders.yield = [this] { yield(); };
  orders.drain = [this](std::chrono::seconds timeout) { drain(timeout); };
  orders.end_run = [this](const RunId& run, const std::string& reason) {
    flows_->flows().terminate_run(run, reason);
    end_run_there(run, reason);
  };
  orders.cancel = [this](ByteView key, const std::string& owner) {
    static_cast<void>(flows_->cancels().forward(key, owner));
  };
  orders.reload = [this] { reload_for_successor(); };
  orders.count = [this] { return counted(); };
  successor_ = std::make_unique<Successor>(*std::move(channel), std::move(orders));
}

void Worker::yield() {
  if (role_ != Role::kServing) return;
  spdlog::info("a new daemon takes over");
  role_ = Role::kYielded;
  publishing_ = false;
  approvals_->on_change({});
  control_.reset();
  resolver_.reset();
  approvals_->end_everything("a new daemon takes over: ask again");
  static_cast<void>(audit_->drain(*runs_, verdicts_->rules(), *kernel_, clock_));
  audit_.reset();
  recorder_->hand_over();
  store_->release();
}

void Worker::drain(std::chrono::seconds timeout) {
  if (role_ != Role::kYielded) return;
  if (const auto told = keeper_.handed_over(); !told)
    spdlog::error("hand over: {}", told.error().text());
  flows_->stop_accepting();
  role_ = Role::kDraining;
  drain_until_ = clock_.steady() + timeout;
  spdlog::info("the new daemon serves; {} connections go on here for at most {} s", flows_->live(),
               timeout.count());
}

bool Worker::drained() const {
  if (role_ != Role::kDraining) return false;
  if (clock_.steady() >= drain_until_) return true;
  return flows_->live() == 0 && (!predecessor_ || !predecessor_->lives());
}

// What the policy changed must not go on here under the old one.
void Worker::reload_for_successor() {
  const auto before = policies_.policy();
  const auto now = policies_.read({});
  // The kernel's entries are the new daemon's to write.
  if (!now || !policies_.replace(*now, [] { return Result<void>{}; })) {
    flows_->flows().terminate_all("the policy changed: connect again");
  } else if ((*now)->version() != before->version()) {
    end_changed_resources(*before, **now, flows_->flows());
    catalogs_->forget_all();
  }
  if (predecessor_) predecessor_->reload();
}

void Worker::end_run_there(const RunId& run, const std::string& reason) {
  if (predecessor_) predecessor_->end_run(run, reason);
}

void Worker::lose_successor() {
  successor_.reset();
  if (role_ == Role::kDraining) return;
  claim_until_ = clock_.steady() + kClaimFor;
  if (role_ == Role::kServing) return;
  spdlog::warn("the new daemon could not start; this one goes on");
  if (const auto resumed = resume(); !resumed) failure_ = resumed.error().within("resume");
}

Result<void> Worker::resume() {
  SLUICE_TRY_VOID(store_->take_back());
  SLUICE_TRY_VOID(recorder_->take_back());
  SLUICE_TRY(const auto finished, recorder_->finish_abandoned());
  for (const std::string& what : finished) spdlog::warn("recordings: {}", what);
  SLUICE_TRY_VOID(open_audit());
  role_ = Role::kServing;
  // The one that could not start may have numbered some of the runs anew.
  SLUICE_TRY_VOID(runs_->publish_again());
  SLUICE_TRY(const std::size_t adopted, runs_->adopt_living());
  if (adopted != 0) spdlog::info("adopted {} runs that it had started", adopted);
  publishing_ = true;
  open_resolver();
  return serve_control();
}

void Worker::bury_predecessor() {
  claim_until_ = clock_.steady() + kClaimFor;
  const auto finished = recorder_->finish_abandoned();
  if (!finished) spdlog::error("recordings: {}", finished.error().text());
  if (finished)
    for (const std::string& what : *finished) spdlog::warn("recordings: {}", what);
  spdlog::info("the daemon before this one has ended");
}

CountedSoFar Worker::counted() const {
  CountedSoFar sum = predecessor_ ? predecessor_->counted() : CountedSoFar{};
  const RunCounters& totals = *factory_->totals();
  const net::FlowServerCounters flows = flows_->counters();
  sum.statements += totals.statements.load();
  sum.statements_held += totals.held.load();
  sum.statements_refused += totals.refused.load();
  sum.flows_accepted += flows.accepted;
  sum.flows_refused += flows.refused;
  sum.flows_over_limit += flows.over_limit + flows.out_of_files;
  sum.recorder_failures += flows.recorder_failures;
  sum.flows_open += flows_->live();
  return sum;
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
  if (role_ == Role::kDraining) {
    // Everything but these flows is the new daemon's.
    flows_->stop("sluice was replaced, and drain_timeout is over: connect again");
    return;
  }
  // The kernel refuses from here on; nobody can be steered to a port that somebody else may take.
  // Unless this daemon was to take over and could not: its predecessor serves on.
  const bool in_force = !predecessor_ || serving_since_start_;
  if (kernel_ && in_force) static_cast<void>(kernel_->set_listeners(std::nullopt, std::nullopt));
  control_.reset();
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

}  // namespace

WorkerOutcome run_worker(const control::Config& config, Prepared prepared, UniqueFd keeper_socket) {
  Worker worker{config, std::move(prepared), std::move(keeper_socket)};
  const auto started = worker.start();
  if (!started) {
    spdlog::error("sluiced: {}; refusing to start", started.error().text());
    worker.stop();
    return WorkerOutcome::kRefusedToStart;
  }
  spdlog::info("sluiced is ready");
  const auto ran = worker.run_until_stopped();
  if (!ran) spdlog::error("sluiced: {}; stopping", ran.error().text());
  worker.stop();
  return ran ? WorkerOutcome::kStopped : WorkerOutcome::kFailed;
}

}  // namespace sluice::daemon
