// SPDX-License-Identifier: Apache-2.0
#include "keeper/keeper.h"

#include <poll.h>
#include <signal.h>
#include <spdlog/spdlog.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstddef>

#include "keeper/requests.h"

namespace sluice::keeper {
namespace {

// A worker that closed its end is about to exit; one that then stays is killed.
constexpr int kExitWaitMs = 5000;

// Blocks the signals that are passed on, for as long as it lives.
class PassedOnSignals {
 public:
  PassedOnSignals() {
    sigset_t set;
    ::sigemptyset(&set);
    for (const int number : {SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&set, number);
    ::sigprocmask(SIG_BLOCK, &set, &before_);
    fd_ = UniqueFd{::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)};
  }
  ~PassedOnSignals() { ::sigprocmask(SIG_SETMASK, &before_, nullptr); }
  PassedOnSignals(const PassedOnSignals&) = delete;
  PassedOnSignals& operator=(const PassedOnSignals&) = delete;

  int fd() const { return fd_.get(); }
  int next() const {
    signalfd_siginfo info{};
    return ::read(fd_.get(), &info, sizeof info) == sizeof info ? static_cast<int>(info.ssi_signo)
                                                                : 0;
  }

 private:
  sigset_t before_{};
  UniqueFd fd_;
};

// Secrets pass through this process: no core file, no look at it by ptrace or /proc of a lesser
// process, and no program that it could start with more than it has.
void harden() {
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

UniqueFd pidfd_of(pid_t pid) {
  return UniqueFd{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
}

WorkerEnd reap(pid_t worker) {
  int status = 0;
  pid_t got = 0;
  do {
    got = ::waitpid(worker, &status, 0);
  } while (got < 0 && errno == EINTR);
  if (got != worker) return {1, "is not a child of the keeper"};
  if (WIFSIGNALED(status)) {
    const int number = WTERMSIG(status);
    const char* const name = ::sigdescr_np(number);
    return {128 + number, "was killed by signal " + std::to_string(number) + " (" +
                              (name != nullptr ? name : "unknown") + ")"};
  }
  return {WEXITSTATUS(status), "exited with status " + std::to_string(WEXITSTATUS(status))};
}

void end_worker(int pidfd, pid_t worker, int patience_ms) {
  pollfd wait{pidfd, POLLIN, 0};
  int ready = 0;
  do {
    ready = ::poll(&wait, 1, patience_ms);
  } while (ready < 0 && errno == EINTR);
  if (ready == 1) return;
  ::kill(worker, SIGKILL);  // not reaped yet, so the number is still its own
}

}  // namespace

struct Keeper::State {
  Requests requests;

  // False when the worker has to end.
  bool serve_one(int socket);
  void serve_until_end(int socket, int pidfd, pid_t worker);
  void answer_newcomer(HandOver& hand_over, pid_t worker);
};

bool Keeper::State::serve_one(int socket) {
  alignas(std::max_align_t) unsigned char buffer[kRequestBytesMax];
  const auto datagram = receive(socket, buffer, sizeof buffer);
  if (!datagram) {
    spdlog::error("keeper: {}", datagram.error().text());
    return false;
  }
  if (datagram->size == 0) return false;
  const auto outcome = requests.answer(*datagram, buffer, socket);
  if (!outcome) {
    spdlog::error("keeper: {}", outcome.error().text());
    return false;
  }
  if (!outcome->refused.empty()) spdlog::warn("keeper: refused: {}", outcome->refused);
  return true;
}

void Keeper::State::answer_newcomer(HandOver& hand_over, pid_t worker) {
  const auto taken = hand_over.answer([this](pid_t peer) -> Result<void> {
    SLUICE_TRY(const std::string cgroup, requests.runs().cgroup_of(peer));
    if (const auto run = requests.runs().innermost_run(cgroup))
      return Error{"process " + std::to_string(peer) + " is in the run '" + *run + "'"};
    return {};
  });
  if (!taken)
    spdlog::warn("keeper: refused to hand over: {}", taken.error().text());
  else
    ::kill(worker, SIGUSR1);
}

void Keeper::State::serve_until_end(int socket, int pidfd, pid_t worker) {
  const PassedOnSignals signals;
  enum { kSocket, kWorker, kSignal, kHandOver };
  pollfd wait[] = {
      {socket, POLLIN, 0}, {pidfd, POLLIN, 0}, {signals.fd(), POLLIN, 0}, {-1, POLLIN, 0}};
  for (;;) {
    HandOver* const hand_over = requests.hand_over();
    wait[kHandOver] = {hand_over == nullptr ? -1 : hand_over->socket(), POLLIN, 0};
    if (::poll(wait, std::size(wait), -1) < 0) {
      if (errno == EINTR) continue;
      spdlog::error("keeper: poll: {}", ::strerrordesc_np(errno));
      return end_worker(pidfd, worker, 0);
    }
    if (wait[kSignal].revents != 0)
      if (const int number = signals.next(); number != 0) ::kill(worker, number);
    if (wait[kWorker].revents != 0) return;
    if (wait[kHandOver].revents != 0) answer_newcomer(*hand_over, worker);
    if (wait[kSocket].revents != 0 && !serve_one(socket))
      return end_worker(pidfd, worker, kExitWaitMs);
  }
}

Keeper::Keeper(std::unique_ptr<State> state) : state_(std::move(state)) {}
Keeper::~Keeper() = default;

Result<std::unique_ptr<Keeper>> Keeper::open(KeeperConfig config) {
  auto runs = Runs::open(config.cgroup_root);
  if (!runs) return runs.error().within("keeper");
  auto secrets = SecretFiles::open(config.secrets_dirs);
  if (!secrets) return secrets.error().within("keeper");
  Requests requests{*std::move(runs), *std::move(secrets), std::move(config)};
  return std::unique_ptr<Keeper>(new Keeper(std::make_unique<State>(std::move(requests))));
}

const std::string& Keeper::runs_path() const { return state_->requests.runs().path(); }

void Keeper::offer(std::unique_ptr<HandOver> hand_over) {
  state_->requests.offer(std::move(hand_over));
}

void Keeper::withdraw() { state_->requests.runs().remove_if_empty(); }

WorkerEnd Keeper::serve(UniqueFd socket, pid_t worker) {
  harden();
  state_->requests.runs().never_move(::getpid());
  state_->requests.runs().never_move(worker);
  const UniqueFd pidfd = pidfd_of(worker);
  if (pidfd) {
    state_->serve_until_end(socket.get(), pidfd.get(), worker);
  } else {
    spdlog::error("keeper: pidfd_open of the worker: {}", ::strerrordesc_np(errno));
    ::kill(worker, SIGKILL);
  }
  socket.reset();
  WorkerEnd end = reap(worker);
  const HandOver* const hand_over = state_->requests.hand_over();
  end.handed_over = hand_over != nullptr && hand_over->finished();
  // Here and not in the destructor: the worker, too, inherits this object.
  state_->requests.runs().remove_if_empty();
  if (end.exit_status == 0 || end.handed_over)
    spdlog::info("keeper: the worker {}", end.text);
  else
    spdlog::error("keeper: the worker {}; agents are refused until sluiced runs again", end.text);
  return end;
}

Result<Split> split_process() {
  int ends[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
    return Error::sys(errno, "make the socketpair of keeper and worker");
  UniqueFd keeper_end{ends[0]};
  UniqueFd worker_end{ends[1]};
  const pid_t keeper = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) return Error::sys(errno, "fork the worker");
  if (child == 0) return Split{true, std::move(worker_end), keeper};
  return Split{false, std::move(keeper_end), child};
}

}  // namespace sluice::keeper
