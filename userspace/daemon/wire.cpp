// SPDX-License-Identifier: Apache-2.0
#include "daemon/wire.h"

#include <fcntl.h>
#include <signal.h>
#include <spdlog/spdlog.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "daemon/host_files.h"
#include "daemon/unix_listener.h"
#include "daemon/worker.h"
#include "keeper/sandbox.h"

namespace sluice::daemon {
namespace {

// Busy sessions at a time; 8 MiB.
constexpr std::uint32_t kJournalSlots = 512;

// Where the keeper makes runs, below the mount (keeper/runs.h).
Result<std::string> directory_of_runs(const CgroupMount& mount, const std::string& cgroup_root) {
  if (cgroup_root.empty()) return std::string{"/sluice"};
  std::error_code failed;
  const std::string root = std::filesystem::canonical(cgroup_root, failed).string();
  if (failed || !is_same_or_below(mount.path, root))
    return Error::sys(failed ? failed.value() : EINVAL, "cgroup_root '" + cgroup_root + "'");
  return root.substr(mount.path.size()) + "/sluice";
}

policy::AddressBook book_of(const net::AddressBook& resolved) {
  policy::AddressBook book;
  for (const auto& [name, addresses] : resolved) book.set(name, addresses);
  return book;
}

}  // namespace

Result<void> Worker::open_state() {
  SLUICE_TRY(store_, store::Store::open(config_.store_file()));
  record::RecorderOptions recording;
  recording.directory = config_.recordings_dir();
  recording.key_directory = config_.state_dir + "/keys";
  recording.durability = config_.durability == control::Durability::kDisk
                             ? record::Durability::kDisk
                             : record::Durability::kProcess;
  recording.journal_slots = kJournalSlots;
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
  SLUICE_TRY(auto subject_rules, kernel::SubjectRules::adopt(prepared_.maps));
  verdicts_ = std::make_unique<VerdictPublisher>(*kernel_, *kernel_, std::move(subject_rules),
                                                 policies_, config_.control_socket(), before);
  publishing_ = true;
  SLUICE_TRY(auto awaited, kernel::AwaitedCgroups::adopt(prepared_.maps));
  awaited_.emplace(std::move(awaited));
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
  SLUICE_TRY(const std::size_t adopted, runs_->adopt_living());
  if (adopted != 0) spdlog::info("adopted {} living runs of an earlier daemon", adopted);
  SLUICE_TRY_VOID(runs_->await_matches());
  return kernel_->drop_verdicts_up_to(before);
}

Result<void> Worker::open_audit() {
  SLUICE_TRY(auto maps, kernel::duplicate(prepared_.maps));
  SLUICE_TRY(auto reader, kernel::EventReader::open(std::move(maps[kernel::MapName::kEvents]),
                                                    std::move(maps[kernel::MapName::kAudited])));
  const auto note = [this](const kernel::KernelEvent& event) {
    if (namespaces_) namespaces_->note(event);
  };
  SLUICE_TRY(auto audit, AuditLog::open(config_.audit_file(), std::move(reader), note));
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
        if (const auto written = verdicts_->change(nullptr, replace); !written)
          spdlog::error("verdict map: {}; connects are steered and judged one by one",
                        written.error().text());
      });
  resolver_->set_names(policies_.policy()->host_names());
  resolver_->wait_resolved(std::chrono::seconds{10});
}

bool Worker::has_feature(std::string_view id) const {
  return std::any_of(prepared_.features.begin(), prepared_.features.end(),
                     [&](const kernel::Feature& each) { return each.id == id && each.held; });
}

Result<void> Worker::claim_unix_listener() {
  if (!has_feature("unix_sockaddr")) {
    spdlog::warn(
        "this kernel has no hooks for Unix sockets: agents reach those that file modes let them, "
        "and addresses unix:... in the policy are not steered (sluice doctor says more)");
    std::erase_if(prepared_.listeners, [](const UniqueFd& fd) { return is_unix_socket(fd.get()); });
    return {};
  }
  if (!has_feature("host_files"))
    spdlog::warn(
        "the root of process 1 cannot be looked at: agents whose root or user namespace is not "
        "this daemon's are refused the sockets of unix_builtin and unix_direct");
  for (const UniqueFd& listener : prepared_.listeners) {
    if (!is_unix_socket(listener.get())) continue;
    SLUICE_TRY_VOID(listen_as_this_process(listener.get()));
    unix_listener_.reset(::fcntl(listener.get(), F_DUPFD_CLOEXEC, 0));
    if (!unix_listener_) return Error::sys(errno, "keep the listener for Unix sockets");
  }
  if (!unix_listener_) return Error{"the running daemon handed over no listener for Unix sockets"};
  return {};
}

Result<void> Worker::open_flows() {
  const auto read_password = [this](const std::string& file) {
    return keeper_.read_password(file);
  };
  catalogs_ = std::make_unique<net::PostgresCatalogService>(net::PostgresCatalogService::Options{},
                                                            clock_, news_, read_password);
  plans_ = std::make_unique<net::PostgresPlanService>(net::PostgresPlanService::Options{}, clock_,
                                                      read_password);
  SLUICE_TRY(const Secret mask_key, load_or_make_key(config_.state_dir + "/keys/mask.key"));
  dns_ = std::make_unique<DnsDesk>(
      DnsDesk::Ports{*runs_, policies_, clock_, [this] { return resolver_->newest(); }});
  SLUICE_TRY(factory_, FlowFactory::make({*kernel_, *runs_, policies_, *verdicts_, keeper_,
                                          *recorder_, clock_, *dns_, news_},
                                         mask_key));
  net::FlowServerOptions options;
  options.threads = config_.threads;
  options.warn = [](std::string_view text) { spdlog::warn("{}", text); };
  flows_ = std::make_unique<net::FlowServer>(
      std::move(options),
      net::FlowServer::Ports{clock_, *approvals_, *catalogs_, *plans_, *host_ca_});
  flows_->cancels().forward_unknown_to([this](ByteView key, const std::string& owner) {
    if (predecessor_) predecessor_->cancel(key, owner);
  });
  SLUICE_TRY_VOID(claim_unix_listener());
  return flows_->start(std::move(prepared_.listeners),
                       [this](int fd) { return factory_->accept(fd); });
}

Result<void> Worker::open_control() {
  if (!config_.console.empty())
    spdlog::warn("console: this build has no web console; the key does nothing");
  std::vector<std::string> listeners;
  Endpoint shown;
  for (const Endpoint& listener : prepared_.listening)  // of each address its first port
    if (listeners.empty() || listener.ip != shown.ip)
      listeners.push_back((shown = listener).text());
  backend_ = std::make_unique<Backend>(Backend::Ports{
      config_,
      policies_,
      *runs_,
      *approvals_,
      *flows_,
      *kernel_,
      keeper_,
      *factory_,
      *dns_,
      clock_,
      prepared_.features,
      prepared_.links,
      listeners,
      config_.run_dir + "/host-ca.pem",
      config_.run_dir + "/ca-bundle.pem",
      [this] { return reload(); },
      *namespaces_,
      [this] { return rule_hits(); },
      [this]() -> Result<kernel::Books> {
        SLUICE_TRY_VOID(audit_->drain(*runs_, verdicts_->rules(), *kernel_, clock_));
        return kernel_->books(audit_->audited());
      },
      [this] { return predecessor_ ? predecessor_->counted() : CountedSoFar{}; },
      [this](const RunId& run, const std::string& reason) { end_run_there(run, reason); }});
  return serve_control();
}

Result<std::vector<control::Counter>> Worker::rule_hits() const {
  SLUICE_TRY(const auto hits, kernel_->rule_hits());
  std::vector<control::Counter> rules;
  rules.reserve(hits.size());
  for (const auto& [id, count] : hits) rules.push_back({verdicts_->rules().name_of(id), count});
  std::sort(rules.begin(), rules.end(),
            [](const auto& one, const auto& other) { return one.name < other.name; });
  return rules;
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
  SLUICE_TRY_VOID(open_dns());
  const auto enrolled = predecessor_ ? runs_->enrol() : runs_->enrol_living();
  if (!enrolled) return enrolled.error().within("enrolment");
  if (*enrolled != 0) spdlog::info("enrolled {} cgroups that the policy matches", *enrolled);
  open_namespaces();
  SLUICE_TRY_VOID(open_control());
  SLUICE_TRY_VOID(open_heartbeat());
  SLUICE_TRY_VOID(keeper::install_seccomp());
  // Last: until now what is steered is refused by the kernel.
  SLUICE_TRY_VOID(claim_listeners());
  if (predecessor_) SLUICE_TRY_VOID(predecessor_->drain(config_.drain_timeout));
  serving_since_start_ = true;
  return {};
}

Result<void> Worker::open_heartbeat() {
  auto threads = flows_->threads();
  threads.emplace_back([this](std::function<void()> task) { dns_server_.post(std::move(task)); });
  heartbeat_ = std::make_unique<Heartbeat>(
      *kernel_, clock_, std::chrono::milliseconds{config_.heartbeat_limit_ms}, std::move(threads));
  return heartbeat_->start();
}

Result<void> Worker::claim_listeners() {
  SLUICE_TRY_VOID(heartbeat_->beat_again());
  if (unix_listener_) SLUICE_TRY_VOID(kernel_->set_unix_listener(unix_listener_.get()));
  SLUICE_TRY_VOID(claim_resolvers());
  SLUICE_TRY_VOID(namespaces_->claim());
  return kernel_->set_listeners(prepared_.listening);
}

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
