// SPDX-License-Identifier: Apache-2.0
#include "support.h"

#include "net/address.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <filesystem>

namespace sluice::net::test {

TempDir::TempDir() {
  std::string pattern = (std::filesystem::temp_directory_path() / "sluice-net-XXXXXX").string();
  path_ = ::mkdtemp(pattern.data());
}
TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}
std::string TempDir::path(const std::string& name) const {
  return name.empty() ? path_ : path_ + "/" + name;
}

void Journal::add(std::string line) {
  const std::lock_guard lock{mutex_};
  lines_.push_back(std::move(line));
  changed_.notify_all();
}
bool Journal::await(const std::string& line) {
  std::unique_lock lock{mutex_};
  return changed_.wait_for(lock, kPatience, [&] {
    return std::find(lines_.begin(), lines_.end(), line) != lines_.end();
  });
}
std::vector<std::string> Journal::lines() const {
  const std::lock_guard lock{mutex_};
  return lines_;
}
std::ptrdiff_t Journal::place(const std::string& line) const {
  const auto all = lines();
  const auto found = std::find(all.begin(), all.end(), line);
  return found == all.end() ? -1 : found - all.begin();
}
bool Journal::has(const std::string& line) const { return place(line) >= 0; }

Result<void> FakeWriter::call(const std::string& what) {
  if (++calls_ == fail_at_) {
    journal_.add("failed " + what);
    return Error{"the disk is full"};
  }
  journal_.add(what);
  return {};
}
Result<void> FakeWriter::append(WallTime, const Event& event) {
  if (const auto* remark = std::get_if<Remark>(&event)) return call("remark " + remark->text);
  if (const auto* closed = std::get_if<SessionClosed>(&event))
    return call("session closed: " + closed->reason);
  return call("append");
}

Result<void> FakeApprovals::ask(const Ask& ask, const SessionId&, Answer answer) {
  if (refuse) return Error{"the store is full"};
  {
    const std::lock_guard lock{mutex_};
    answers_[ask.ticket] = std::move(answer);
    changed_.notify_all();
  }
  journal.add("asked " + ask.ticket);
  return {};
}
void FakeApprovals::withdraw(const TicketId& ticket, const std::string& reason) {
  {
    const std::lock_guard lock{mutex_};
    answers_.erase(ticket);
  }
  journal.add("withdrawn " + ticket + ": " + reason);
}
Approvals::Answer FakeApprovals::take(const TicketId& ticket) {
  std::unique_lock lock{mutex_};
  if (!changed_.wait_for(lock, kPatience, [&] { return answers_.contains(ticket); }))
    throw std::runtime_error("nobody asked for " + ticket);
  return std::move(answers_.extract(ticket).mapped());
}
void FakeApprovals::decide(const TicketId& ticket, DecisionKind kind) {
  take(ticket)(Decision{ticket, kind, "alice", ""});
}

void FakeApprovals::note_rows(const TicketId& ticket, std::uint64_t rows) {
  journal.add("about " + std::to_string(rows) + " rows for " + ticket);
}

void FakePlans::rows(PlanRequest request, Callback callback) {
  callback(request.question.parameters.size() + 41);
}

void FakeCatalogs::get(const CatalogRequest& request, Callback callback) {
  journal.add("catalogue of " + request.database + (request.fresh ? ", fresh" : ""));
  callback(nullptr, "no catalogue here");
}

std::size_t RelaySession::handle(const Input& input, SteadyTime, WallTime, FlowActions& out) {
  if (const auto* received = std::get_if<Received>(&input)) {
    if (received->side == Side::kAgent && !connected_) {
      if (!asked_) out.emplace_back(ConnectUpstream{});
      asked_ = true;
      return 0;
    }
    const Side to = received->side == Side::kAgent ? Side::kUpstream : Side::kAgent;
    out.emplace_back(Send{to, received->bytes});
    if (received->side == Side::kAgent && agent_closed_)
      out.emplace_back(FinishSending{Side::kUpstream});
    return received->bytes.size();
  }
  if (std::holds_alternative<UpstreamConnected>(input)) connected_ = true;
  if (const auto* failed = std::get_if<UpstreamFailed>(&input))
    out.emplace_back(Close{failed->reason, true});
  if (const auto* closed = std::get_if<SideClosed>(&input)) {
    const bool agent = closed->side == Side::kAgent;
    if (agent && !connected_)
      agent_closed_ = true;
    else
      out.emplace_back(FinishSending{agent ? Side::kUpstream : Side::kAgent});
  }
  if (const auto* terminate = std::get_if<Terminate>(&input))
    out.emplace_back(Close{terminate->reason});
  return 0;
}

Demand RelaySession::demand(Side side) const {
  return side == Side::kUpstream || !asked_ || connected_ ? Demand::kMore : Demand::kNone;
}

std::pair<UniqueFd, Endpoint> listen_loopback(bool v6) {
  auto fd = listen_tcp({*parse_ip(v6 ? "::1" : "127.0.0.1"), 0});
  if (!fd) throw std::runtime_error(fd.error().text());
  const Endpoint at = *local_endpoint(fd->get());
  return {*std::move(fd), at};
}

namespace {
void set_patience(int fd) {
  const timeval patience{kPatience.count(), 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
}
}  // namespace

UniqueFd accept_one(const UniqueFd& listener) {
  pollfd waiting{listener.get(), POLLIN, 0};
  const int patience_ms = static_cast<int>(std::chrono::milliseconds{kPatience}.count());
  if (::poll(&waiting, 1, patience_ms) != 1) throw std::runtime_error("nobody connected");
  UniqueFd fd{::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC)};
  set_patience(fd.get());
  return fd;
}

UniqueFd connect_to(const Endpoint& endpoint) {
  const SocketAddress address = socket_address(endpoint);
  UniqueFd fd{::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0)};
  set_patience(fd.get());
  if (::connect(fd.get(), address.get(), address.size) != 0)
    throw std::runtime_error("connect to " + endpoint.text());
  return fd;
}

void send_all(const UniqueFd& fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) throw std::runtime_error("send failed");
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

std::string receive_exactly(const UniqueFd& fd, std::size_t count) {
  std::string got(count, '\0');
  std::size_t have = 0;
  while (have < count) {
    const ssize_t more = ::recv(fd.get(), got.data() + have, count - have, 0);
    if (more < 0 && errno == ECONNRESET) return got.substr(0, have) + "<reset>";
    if (more <= 0) break;
    have += static_cast<std::size_t>(more);
  }
  got.resize(have);
  return got;
}

std::string receive_to_end(const UniqueFd& fd) {
  std::string got;
  std::array<char, 65536> chunk{};
  for (;;) {
    const ssize_t count = ::recv(fd.get(), chunk.data(), chunk.size(), 0);
    if (count == 0) return got;
    if (count < 0) return got + (errno == ECONNRESET ? "<reset>" : "<no end>");
    got.append(chunk.data(), static_cast<std::size_t>(count));
  }
}

void half_close(const UniqueFd& fd) { ::shutdown(fd.get(), SHUT_WR); }

void reset(UniqueFd fd) {
  const linger now{1, 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

Plane::Plane(Options options) : options_(std::move(options)) {
  resource->name = "orders";
  auto opened = HostCa::open({directory.path("ca"), "test-host", "", 16}, clock);
  if (!opened) throw std::runtime_error(opened.error().text());
  ca_ = *std::move(opened);
  FlowServerOptions server_options;
  server_options.threads = options_.threads;
  server_options.limits = options_.limits;
  server_options.flow_count_max = options_.flow_count_max;
  server_options.stop_timeout = std::chrono::milliseconds{2000};
  server_options.warn = [this](std::string_view line) {
    journal.add("warn: " + std::string{line});
  };
  CatalogSource& source = options_.catalogs != nullptr ? *options_.catalogs : catalogs;
  server = std::make_unique<FlowServer>(std::move(server_options),
                                        FlowServer::Ports{clock, approvals, source, plans, *ca_});
  auto [listener, at] = listen_loopback();
  address = at;
  std::vector<UniqueFd> listeners;
  listeners.push_back(std::move(listener));
  auto started = server->start(std::move(listeners), [this](int fd) { return set_up(fd); });
  if (!started) throw std::runtime_error(started.error().text());
}

Plane::~Plane() { server->stop("the test is over"); }

Result<FlowSetup> Plane::set_up(int fd) {
  if (refuse.load()) return Error{"no flow record"};
  FlowSetup setup;
  setup.session = options_.make_session();
  setup.writer = std::make_unique<FakeWriter>(journal, options_.writer_fails_at);
  setup.session_id = "ses-0000000000000001";
  Run acting;
  acting.id = run;
  acting.agent = "reporter";
  Run parent;
  parent.id = "run-of-the-parent";
  setup.lineage = std::make_shared<Lineage>(Lineage{parent, acting});
  setup.resource = resource;
  setup.agent = *peer_endpoint(fd);
  setup.original_destination = upstream.second;
  setup.upstream.target.endpoint = upstream.second;
  setup.upstream.tls = UpstreamTls::kDisable;
  setup.leaf_names.dns = {"db.internal", "db2.internal"};
  setup.agent_alpn = "postgresql";
  setup.on_closed = [this](const FlowSummary& summary) {
    journal.add("closed: " + summary.reason);
  };
  if (options_.adjust) options_.adjust(setup);
  return setup;
}

std::pair<UniqueFd, UniqueFd> Plane::connect_through() {
  UniqueFd agent = connect();
  send_all(agent, "!");
  UniqueFd server_end = accept_one(upstream.first);
  EXPECT_EQ(receive_exactly(server_end, 1), "!");
  return {std::move(agent), std::move(server_end)};
}

}  // namespace sluice::net::test
