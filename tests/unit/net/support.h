// SPDX-License-Identifier: Apache-2.0
// Fakes of the ports, a pass-through session, and a data plane on loopback for the tests of net/.
#pragma once

#include "base/system_clock.h"
#include "base/unique_fd.h"
#include "net/flow_server.h"
#include "net/host_ca.h"

#include <sluice/flow.h>
#include <sluice/ports.h>

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace sluice::net::test {

constexpr std::chrono::seconds kPatience{20};  // only a failing test waits this long

class TempDir {
 public:
  TempDir();
  ~TempDir();
  std::string path(const std::string& name = "") const;

 private:
  std::string path_;
};

// What happened, in order, from several threads; await() waits until something is in it.
class Journal {
 public:
  void add(std::string line);
  bool await(const std::string& line);
  bool has(const std::string& line) const;
  std::vector<std::string> lines() const;
  std::ptrdiff_t place(const std::string& line) const;  // -1: not there

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> lines_;
};

class FakeWriter final : public SessionWriter {
 public:
  // Fails at call number `fail_at` (1, 2, ...) of any kind; 0 never.
  FakeWriter(Journal& journal, int fail_at) : journal_(journal), fail_at_(fail_at) {}
  Result<void> append(WallTime, const Event& event) override;
  Result<void> commit() override { return call("commit"); }
  Result<void> close() override { return call("seal"); }

 private:
  Result<void> call(const std::string& what);
  Journal& journal_;
  int fail_at_;
  int calls_ = 0;
};

class FakeApprovals final : public Approvals {
 public:
  Result<void> ask(const Ask& ask, const SessionId& session, Answer answer) override;
  void withdraw(const TicketId& ticket, const std::string& reason) override;
  void note_rows(const TicketId& ticket, std::uint64_t rows) override;
  // Waits until it was asked for. A ticket is answered once.
  Answer take(const TicketId& ticket);
  void decide(const TicketId& ticket, DecisionKind kind);  // from the calling thread
  Journal journal;
  bool refuse = false;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<TicketId, Answer> answers_;
};

class FakePlans final : public PlanSource {
 public:
  void rows(PlanRequest request, Callback callback) override;  // 41 and one for each parameter
};

class FakeCatalogs final : public CatalogSource {
 public:
  void get(const CatalogRequest& request, Callback callback) override;
  Journal journal;
};

// Forwards everything both ways, half-closes and ends as the two sides do.
class RelaySession : public FlowSession {
 public:
  std::size_t handle(const Input& input, SteadyTime now, WallTime wall, FlowActions& out) override;
  Demand demand(Side side) const override;

 private:
  bool asked_ = false;
  bool connected_ = false;
  bool agent_closed_ = false;
};

// A session made of one function.
class ScriptSession final : public FlowSession {
 public:
  using Handler = std::function<std::size_t(const Input& input, FlowActions& out)>;
  explicit ScriptSession(Handler handler) : handler_(std::move(handler)) {}
  std::size_t handle(const Input& input, SteadyTime, WallTime, FlowActions& out) override {
    return handler_(input, out);
  }
  Demand demand(Side side) const override { return demand_ ? demand_(side) : Demand::kMore; }
  std::function<Demand(Side)> demand_;

 private:
  Handler handler_;
};

// --- plain blocking sockets of a test

std::pair<UniqueFd, Endpoint> listen_loopback(bool v6 = false);
UniqueFd accept_one(const UniqueFd& listener);
UniqueFd connect_to(const Endpoint& endpoint);
void send_all(const UniqueFd& fd, std::string_view bytes);
std::string receive_exactly(const UniqueFd& fd, std::size_t count);
std::string receive_to_end(const UniqueFd& fd);  // "<reset>" at the end if it was reset
void half_close(const UniqueFd& fd);
void reset(UniqueFd fd);

// The data plane with one listener, an upstream listener to connect to, and fakes around.
class Plane {
 public:
  using MakeSession = std::function<std::unique_ptr<FlowSession>()>;
  struct Options {
    Options() { limits.drain_timeout = std::chrono::milliseconds{300}; }
    MakeSession make_session = [] { return std::make_unique<RelaySession>(); };
    FlowLimits limits;
    std::size_t threads = 1;
    int writer_fails_at = 0;
    std::function<void(FlowSetup&)> adjust;  // the last word on a flow's set-up
    std::size_t flow_count_max = 20'000;
    CatalogSource* catalogs = nullptr;
  };
  explicit Plane(Options options = Options());
  ~Plane();

  UniqueFd connect() const { return connect_to(address); }
  std::pair<UniqueFd, UniqueFd> connect_through();  // agent's end, upstream's end; relay sessions
  HostCa& ca() { return *ca_; }

  TempDir directory;
  SystemClock clock;
  Journal journal;  // records, commits, seals, ends: "closed: reason"
  FakeApprovals approvals;
  FakeCatalogs catalogs;
  FakePlans plans;
  std::pair<UniqueFd, Endpoint> upstream = listen_loopback();
  Endpoint address;
  std::atomic<bool> refuse{false};
  std::string run = "run-0000000000000001";
  std::shared_ptr<Resource> resource = std::make_shared<Resource>();
  std::unique_ptr<FlowServer> server;

 private:
  Result<FlowSetup> set_up(int fd);
  Options options_;
  std::unique_ptr<HostCa> ca_;
};

}  // namespace sluice::net::test
