// SPDX-License-Identifier: Apache-2.0
#include "net/flow_server.h"

#include "net/acceptor.h"
#include "net/address.h"
#include "net/cancel_sender.h"
#include "net/flow_driver.h"
#include "net/upstream_tls.h"
#include "net/worker.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <future>
#include <mutex>
#include <optional>
#include <thread>

namespace sluice::net {

namespace {

constexpr std::chrono::seconds kSameRefusalEvery{10};

void reset_connection(UniqueFd fd) {
  Socket socket;
  socket.open(std::move(fd));
  socket.reset();
}

}  // namespace

struct FlowServer::Impl {
  FlowServerOptions options;
  const Clock& clock;
  FlowTable table;
  CancelRegistry cancels;
  UpstreamTlsContexts upstream_tls;
  CancelSender cancel_sender;
  DriverPorts driver_ports;
  OnAccept on_accept;
  std::vector<std::unique_ptr<Worker>> workers;
  std::optional<Acceptor> acceptor;
  std::atomic<std::size_t> next_worker{0};
  std::atomic<std::size_t> live{0};  // connections that were taken and have not ended
  std::atomic<bool> stopping{false};
  std::atomic<bool> accepts_no_more{false};
  std::mutex stop_mutex;
  std::condition_variable flow_ended;
  bool stopped = false;
  std::mutex refusal_mutex;
  std::string refusal_said;
  SteadyTime refusal_said_at{};

  std::atomic<std::uint64_t> accepted{0}, refused{0}, over_limit{0}, out_of_files{0},
      recorder_failures{0};

  Impl(FlowServerOptions given, const Ports& ports)
      : options(std::move(given)),
        clock(ports.clock),
        cancel_sender(ports.clock, upstream_tls),
        driver_ports{ports.clock,    ports.approvals,
                     ports.catalogs, ports.plans,
                     ports.host_ca,  upstream_tls,
                     cancels,        cancel_sender,
                     table,          options.limits,
                     options.warn,   [this](const FlowSummary& summary) { ended(summary); }} {}

  void ended(const FlowSummary& summary);
  void release();
  void take(UniqueFd connection);
  void say_refused(const std::string& why);
  void begin(Worker& worker, UniqueFd connection);
  void add_listeners(std::uint64_t group, std::vector<UniqueFd> listeners);
  void remove_listeners(std::uint64_t group);
  void stop_accepting();
  void stop(std::string_view reason);
};

void FlowServer::Impl::ended(const FlowSummary& summary) {
  if (!summary.recorded) recorder_failures.fetch_add(1);
  release();
}

void FlowServer::Impl::release() {
  const std::lock_guard lock{stop_mutex};
  live.fetch_sub(1);
  flow_ended.notify_all();
}

void FlowServer::Impl::take(UniqueFd connection) {
  accepted.fetch_add(1);
  if (stopping.load() || live.load() >= options.flow_count_max) {
    over_limit.fetch_add(1);
    reset_connection(std::move(connection));
    return;
  }
  live.fetch_add(1);
  Worker& worker = *workers[next_worker.fetch_add(1) % workers.size()];
  // A std::function must be copyable, a UniqueFd is not.
  auto shared = std::make_shared<UniqueFd>(std::move(connection));
  worker.loop().post([this, &worker, shared] { begin(worker, std::move(*shared)); });
}

// An agent may try in a loop: the same words are logged once in a while, not once per connection.
void FlowServer::Impl::say_refused(const std::string& why) {
  if (!options.warn) return;
  {
    const std::lock_guard lock{refusal_mutex};
    const SteadyTime now = clock.steady();
    if (why == refusal_said && now - refusal_said_at < kSameRefusalEvery) return;
    refusal_said = why;
    refusal_said_at = now;
  }
  options.warn("connection refused: " + why);
}

void FlowServer::Impl::begin(Worker& worker, UniqueFd connection) {
  auto setup = on_accept(connection.get());
  if (!setup) {
    refused.fetch_add(1);
    say_refused(setup.error().text());
    reset_connection(std::move(connection));
    release();
    return;
  }
  std::make_shared<FlowDriver>(worker, driver_ports, *std::move(setup), std::move(connection))
      ->start();
}

void FlowServer::Impl::add_listeners(std::uint64_t group, std::vector<UniqueFd> listeners) {
  if (workers.empty() || !acceptor) return;
  auto shared = std::make_shared<std::vector<UniqueFd>>(std::move(listeners));
  workers.front()->loop().post([this, group, shared] {
    if (accepts_no_more.load()) return;
    const auto added = acceptor->start(std::move(*shared), group);
    if (!added && options.warn) options.warn(added.error().text());
  });
}

void FlowServer::Impl::remove_listeners(std::uint64_t group) {
  if (workers.empty() || !acceptor) return;
  workers.front()->loop().post([this, group] { acceptor->stop_group(group); });
}

void FlowServer::Impl::stop_accepting() {
  if (stopped || workers.empty() || !acceptor) return;
  accepts_no_more.store(true);
  std::promise<void> done;
  workers.front()->loop().post([&] {
    acceptor->stop();
    done.set_value();
  });
  done.get_future().wait();
}

void FlowServer::Impl::stop(std::string_view reason) {
  if (stopped || workers.empty()) return;
  stopped = true;
  stopping.store(true);
  accepts_no_more.store(true);
  if (acceptor) workers.front()->loop().post([this] { acceptor->stop(); });
  const std::string text{reason};
  table.terminate_all(text);
  {
    std::unique_lock lock{stop_mutex};
    flow_ended.wait_for(lock, options.stop_timeout, [this] { return live.load() == 0; });
  }
  for (auto& worker : workers)
    worker->loop().post([&each = *worker, text] {
      for (const auto& flow : each.flows()) flow->abort(text);
    });
  for (auto& worker : workers) worker->stop();
  cancel_sender.stop();
}

FlowServer::FlowServer(FlowServerOptions options, Ports ports)
    : impl_(std::make_unique<Impl>(std::move(options), ports)) {}

FlowServer::~FlowServer() { stop("the daemon is stopping"); }

Result<void> FlowServer::start(std::vector<UniqueFd> listeners, OnAccept on_accept) {
  Impl& impl = *impl_;
  impl.on_accept = std::move(on_accept);
  std::size_t count = impl.options.threads;
  if (count == 0) count = std::max(1U, std::thread::hardware_concurrency());
  for (std::size_t index = 0; index < count; ++index) {
    SLUICE_TRY(auto worker, Worker::create(impl.clock));
    impl.workers.push_back(std::move(worker));
  }
  Worker& first = *impl.workers.front();
  impl.acceptor.emplace(first.loop(), impl.clock,
                        Acceptor::Options{[&impl](UniqueFd fd) { impl.take(std::move(fd)); },
                                          impl.options.warn, &impl.out_of_files});
  // Before the threads run, so that nothing is watched from two threads.
  if (auto started = impl.acceptor->start(std::move(listeners)); !started) {
    impl.workers.clear();
    return started;
  }
  for (auto& worker : impl.workers) worker->start();
  return {};
}

void FlowServer::add_listeners(std::uint64_t group, std::vector<UniqueFd> listeners) {
  impl_->add_listeners(group, std::move(listeners));
}
void FlowServer::remove_listeners(std::uint64_t group) { impl_->remove_listeners(group); }
void FlowServer::stop_accepting() { impl_->stop_accepting(); }
std::size_t FlowServer::live() const { return impl_->live.load(); }
void FlowServer::stop(std::string_view reason) { impl_->stop(reason); }
void FlowServer::adopt(UniqueFd connected) { impl_->take(std::move(connected)); }

std::vector<PostTask> FlowServer::threads() const {
  std::vector<PostTask> threads;
  for (const auto& worker : impl_->workers)
    threads.emplace_back([loop = worker->shared_loop()](std::function<void()> task) {
      loop->post(std::move(task));
    });
  return threads;
}

FlowTable& FlowServer::flows() { return impl_->table; }
CancelRegistry& FlowServer::cancels() { return impl_->cancels; }

FlowServerCounters FlowServer::counters() const {
  return {impl_->accepted.load(), impl_->refused.load(), impl_->over_limit.load(),
          impl_->out_of_files.load(), impl_->recorder_failures.load()};
}

Result<UniqueFd> listen_tcp(const Endpoint& at, int backlog) {
  const SocketAddress address = socket_address(at);
  UniqueFd fd{::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!fd) return Error::sys(errno, "make a socket");
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (address.family() == AF_INET6)
    ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  if (::bind(fd.get(), address.get(), address.size) != 0)
    return Error::sys(errno, "bind to " + at.text());
  if (::listen(fd.get(), backlog) != 0) return Error::sys(errno, "listen on " + at.text());
  return fd;
}

namespace {

Result<Endpoint> endpoint_from(int fd, int (*ask)(int, sockaddr*, socklen_t*)) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (ask(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0)
    return Error::sys(errno, "ask a socket for its address");
  return endpoint_of(reinterpret_cast<const sockaddr*>(&storage));
}

}  // namespace

Result<Endpoint> local_endpoint(int fd) { return endpoint_from(fd, ::getsockname); }
Result<Endpoint> peer_endpoint(int fd) { return endpoint_from(fd, ::getpeername); }

}  // namespace sluice::net
