// SPDX-License-Identifier: Apache-2.0
#include "control/server.h"

#include "control/api.h"
#include "control/peer.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include <list>
#include <map>
#include <thread>

namespace sluice::control {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using Local = asio::local::stream_protocol;
using Stream = beast::basic_stream<Local>;
using HttpRequest = http::request<http::string_body>;

// Coroutines below put what they pass on into named variables first: g++ 12 destroys some
// temporaries of a co_await expression twice.
constexpr auto kAsTuple = asio::as_tuple(asio::use_awaitable);

// So many connections may be open whose caller is not known yet. All others wait to be accepted:
// none is closed before root can be told from the crowd.
constexpr std::size_t kUnplacedMax = 32;
constexpr std::chrono::milliseconds kPlacePause{1};
// After accept() failed for want of descriptors or memory: no busy loop.
constexpr std::chrono::milliseconds kAcceptPause{100};

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

class Server final : public ControlServer {
 public:
  Server(ControlBackend& backend, OnRefused on_refused, const ServerLimits& limits,
         CgroupMount mount)
      : api_(backend),
        backend_(backend),
        on_refused_(std::move(on_refused)),
        limits_(limits),
        mount_(std::move(mount)),
        pool_(limits.backend_threads),
        acceptor_(io_) {}

  ~Server() override {
    io_.stop();
    if (thread_.joinable()) thread_.join();
    // Calls under way end, and what they would have answered goes nowhere.
    pool_.join();
  }

  Result<void> listen(UniqueFd listener) {
    boost::system::error_code error;
    acceptor_.assign(Local{}, listener.get(), error);
    if (error) return Error{"serve the control socket: " + error.message()};
    static_cast<void>(listener.release());
    asio::co_spawn(io_, accept_all(), asio::detached);
    thread_ = std::thread{[this] { io_.run(); }};
    return {};
  }

  void approvals_changed() override {
    asio::post(io_, [this] {
      for (asio::steady_timer* follower : followers_) follower->cancel();
    });
  }

 private:
  // A caller's place in the counts, given back when the connection ends.
  class Seat {
   public:
    explicit Seat(Server& server) : server_(server) { ++server_.unplaced_; }
    ~Seat() {
      if (!placed_) --server_.unplaced_;
      if (in_run_) --server_.connections_in_runs_;
      if (!uid_) return;
      --server_.connections_of_users_;
      if (--server_.connections_by_user_[*uid_] == 0) server_.connections_by_user_.erase(*uid_);
    }
    Seat(const Seat&) = delete;
    Seat& operator=(const Seat&) = delete;

    // false: no room for this caller.
    bool place(const Caller& caller) {
      const ServerLimits& limits = server_.limits_;
      placed_ = true;
      --server_.unplaced_;
      if (!caller.lineage.empty()) {
        in_run_ = true;
        return ++server_.connections_in_runs_ <= limits.connections_in_runs_max;
      }
      if (caller.uid == 0) return true;
      uid_ = caller.uid;
      ++server_.connections_of_users_;
      return ++server_.connections_by_user_[caller.uid] <= limits.connections_per_user_max &&
             server_.connections_of_users_ <= limits.connections_max;
    }

   private:
    Server& server_;
    bool placed_ = false;
    bool in_run_ = false;
    std::optional<std::uint32_t> uid_;
  };

  // Runs `work` on the pool, the rest of the coroutine back on the I/O thread.
  template <class Work>
  asio::awaitable<std::invoke_result_t<Work>> on_pool(Work work) {
    co_return co_await asio::co_spawn(pool_, run_work(std::move(work)), asio::use_awaitable);
  }
  template <class Work>
  static asio::awaitable<std::invoke_result_t<Work>> run_work(Work work) {
    co_return work();
  }

  asio::awaitable<void> accept_all();
  asio::awaitable<void> serve(Local::socket socket);
  asio::awaitable<void> serve_requests(Stream& stream, const Peer& peer);
  asio::awaitable<bool> write(Stream& stream, const Response& response, bool keep_alive);
  asio::awaitable<Response> answer(const Peer& peer, const HttpRequest& request);
  asio::awaitable<void> follow(std::uint64_t after, std::chrono::seconds wait);
  Answer<Caller> identify(const Peer& peer);
  Response judge(const Peer& peer, const Route& asked, const std::string& body, bool perform);
  void report(const Caller& caller, std::string operation, std::string reason) const;

  Api api_;
  ControlBackend& backend_;
  const OnRefused on_refused_;
  const ServerLimits limits_;
  const CgroupMount mount_;

  asio::thread_pool pool_;
  asio::io_context io_{1};
  std::list<asio::steady_timer*> followers_;  // I/O thread only, as the counts below
  std::size_t unplaced_ = 0;
  std::size_t connections_of_users_ = 0;  // all but root, outside of runs
  std::size_t connections_in_runs_ = 0;
  std::map<std::uint32_t, std::size_t> connections_by_user_;
  Local::acceptor acceptor_;
  std::thread thread_;
};

asio::awaitable<void> Server::accept_all() {
  for (;;) {
    while (unplaced_ >= kUnplacedMax) {
      asio::steady_timer pause{io_, kPlacePause};
      co_await pause.async_wait(kAsTuple);
    }
    auto [error, socket] = co_await acceptor_.async_accept(kAsTuple);
    if (error == asio::error::operation_aborted) co_return;
    if (error) {
      asio::steady_timer pause{io_, kAcceptPause};
      co_await pause.async_wait(kAsTuple);
      continue;
    }
    asio::co_spawn(io_, serve(std::move(socket)), asio::detached);
  }
}

Answer<Caller> Server::identify(const Peer& peer) {
  auto caller = peer.caller(mount_);
  if (!caller) return Refusal{Refusal::Kind::kForbidden, caller.error().text()};
  return api_.place(*std::move(caller));
}

void Server::report(const Caller& caller, std::string operation, std::string reason) const {
  if (!on_refused_) return;
  on_refused_({caller.uid, caller.pid, caller.user,
               caller.lineage.empty() ? RunId{} : caller.lineage.back().id, std::move(operation),
               std::move(reason)});
}

asio::awaitable<void> Server::serve(Local::socket socket) {
  Seat seat{*this};
  auto peer = Peer::of(socket.native_handle());
  if (!peer) {
    report({}, "connect", peer.error().text());
    co_return;
  }
  Stream stream{std::move(socket)};
  const Answer<Caller> caller = co_await on_pool([&] { return identify(*peer); });
  if (const auto* refusal = std::get_if<Refusal>(&caller)) {
    Caller known;
    known.uid = peer->uid();
    known.pid = peer->pid();
    report(known, "connect", refusal->text);
    const Response response = refuse(*refusal);
    co_await write(stream, response, false);
    co_return;
  }
  if (!seat.place(std::get<Caller>(caller))) {
    report(std::get<Caller>(caller), "connect", "too many connections");
    const Response response = refuse(
        {Refusal::Kind::kUnavailable, "too many connections to the control socket: close some"});
    co_await write(stream, response, false);
    co_return;
  }
  co_await serve_requests(stream, *peer);
}

asio::awaitable<void> Server::serve_requests(Stream& stream, const Peer& peer) {
  beast::flat_buffer buffer{std::size_t{limits_.header_bytes_max} + limits_.body_bytes_max};
  for (;;) {
    http::request_parser<http::string_body> parser;
    parser.header_limit(limits_.header_bytes_max);
    parser.body_limit(limits_.body_bytes_max);
    stream.expires_after(limits_.request_timeout);
    auto [error, size] = co_await http::async_read(stream, buffer, parser, kAsTuple);
    static_cast<void>(size);
    if (error == http::error::header_limit || error == http::error::body_limit ||
        error == http::error::buffer_overflow) {
      const Response response = refuse({Refusal::Kind::kInvalid, "the request is too large"});
      co_await write(stream, response, false);
      co_return;
    }
    if (error) {
      const bool http_error =
          error.category() == http::make_error_code(http::error::bad_method).category();
      if (http_error && error != http::error::end_of_stream &&
          error != http::error::partial_message) {
        const Response response = refuse({Refusal::Kind::kInvalid, "not HTTP: " + error.message()});
        co_await write(stream, response, false);
      }
      co_return;
    }
    const HttpRequest request = parser.release();
    const Response response = co_await answer(peer, request);
    const bool keep_alive = request.keep_alive() && !response.close_after;
    if (!co_await write(stream, response, keep_alive)) co_return;
  }
}

asio::awaitable<bool> Server::write(Stream& stream, const Response& response, bool keep_alive) {
  http::response<http::string_body> message{static_cast<http::status>(response.status), 11};
  message.set(http::field::content_type, "application/json");
  message.set(http::field::cache_control, "no-store");
  message.keep_alive(keep_alive);
  message.body() = response.body;
  message.prepare_payload();
  stream.expires_after(limits_.request_timeout);
  auto [error, size] = co_await http::async_write(stream, message, kAsTuple);
  static_cast<void>(size);
  co_return !error && keep_alive;
}

asio::awaitable<Response> Server::answer(const Peer& peer, const HttpRequest& request) {
  const Answer<Route> found = route(view(request.method_string()), view(request.target()));
  if (const auto* refusal = std::get_if<Refusal>(&found)) co_return refuse(*refusal);
  const Route asked = std::get<Route>(found);
  const std::string& body = request.body();
  if (asked.after_version && asked.wait.count() > 0) {
    Response may = co_await on_pool([&] { return judge(peer, asked, body, false); });
    if (may.status != 200) co_return may;
    co_await follow(*asked.after_version, std::min(asked.wait, limits_.follow_max));
  }
  co_return co_await on_pool([&] { return judge(peer, asked, body, true); });
}

// On the I/O thread: between the look at the version and the wait no notice can slip through, since
// notices come over this thread too.
asio::awaitable<void> Server::follow(std::uint64_t after, std::chrono::seconds wait) {
  asio::steady_timer timer{io_, wait};
  const auto mark = followers_.insert(followers_.end(), &timer);
  for (;;) {
    if (backend_.approvals_version() > after) break;
    auto [error] = co_await timer.async_wait(kAsTuple);
    if (!error) break;  // the time is over; cancelled: somebody says that there is news
  }
  followers_.erase(mark);
}

// On the pool. Without `perform`: only whether the call would be allowed.
Response Server::judge(const Peer& peer, const Route& asked, const std::string& body,
                       bool perform) {
  const std::string operation{name_of(asked.operation)};
  const Answer<Caller> placed = identify(peer);
  if (const auto* refusal = std::get_if<Refusal>(&placed)) {
    Caller known;
    known.uid = peer.uid();
    known.pid = peer.pid();
    report(known, operation, refusal->text);
    return refuse(*refusal);
  }
  const Caller& caller = std::get<Caller>(placed);
  Response response;
  if (perform) {
    response = api_.handle(caller, asked, body);
  } else if (const auto may = authorise(asked.operation, api_.standing_of(caller)); !may.allowed) {
    response = refuse({Refusal::Kind::kForbidden, may.reason});
  }
  if (response.refused) report(caller, operation, response.reason);
  return response;
}

}  // namespace

Result<std::unique_ptr<ControlServer>> ControlServer::start(UniqueFd listener,
                                                            ControlBackend& backend,
                                                            OnRefused on_refused,
                                                            const ServerLimits& limits) {
  try {
    SLUICE_TRY(CgroupMount mount, find_cgroup_mount());
    auto server =
        std::make_unique<Server>(backend, std::move(on_refused), limits, std::move(mount));
    SLUICE_TRY_VOID(server->listen(std::move(listener)));
    return std::unique_ptr<ControlServer>{std::move(server)};
  } catch (const std::exception& thrown) {
    return Error{std::string("serve the control socket: ") + thrown.what()};
  }
}

}  // namespace sluice::control
