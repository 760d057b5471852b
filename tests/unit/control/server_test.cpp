// SPDX-License-Identifier: Apache-2.0
// The control server over a real socket, and callers who mean no good.
#include "control/server.h"

#include "../store/temp_dir.h"
#include "base/json_read.h"
#include "control/client.h"
#include "control/codec.h"
#include "fake_backend.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <boost/json.hpp>

#include <cstring>
#include <fstream>
#include <future>
#include <latch>
#include <thread>

namespace sluice::control {
namespace {

using testing::HasSubstr;

Lineage inside() { return {{"run-1", "reporter", 5, "/sluice/run-1", "alice", "alice", ""}}; }

void connect_socket(int fd, const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  ASSERT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
}

// A connection that says exactly what a test wants.
class RawClient {
 public:
  explicit RawClient(const std::string& path)
      : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    connect_socket(fd_.get(), path);
  }
  explicit RawClient(UniqueFd connected) : fd_(std::move(connected)) {}

  RawClient& send(std::string_view bytes) {
    // A server that has heard enough closes: what it said before is still to be read.
    static_cast<void>(::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL));
    return *this;
  }
  RawClient& finish() {
    ::shutdown(fd_.get(), SHUT_WR);
    return *this;
  }
  std::string read_to_end() {
    std::string all;
    char buffer[4096];
    for (ssize_t got; (got = ::recv(fd_.get(), buffer, sizeof buffer, 0)) > 0;)
      all.append(buffer, static_cast<std::size_t>(got));
    return all;
  }
  // Until the answer's body, which must be JSON, is whole.
  std::string read_answer() {
    std::string all;
    char byte = 0;
    while (all.find("\r\n\r\n") == std::string::npos && ::recv(fd_.get(), &byte, 1, 0) == 1)
      all += byte;
    std::size_t length = 0;
    if (const auto at = all.find("Content-Length: "); at != std::string::npos)
      length = std::stoul(all.substr(at + 16));
    while (length-- > 0 && ::recv(fd_.get(), &byte, 1, 0) == 1) all += byte;
    return all;
  }

 private:
  UniqueFd fd_;
};

constexpr const char* kStatusRequest = "GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n";

class ServerTest : public testing::Test {
 protected:
  void start(const ServerLimits& limits = {}) {
    auto listener = open_control_socket(path);
    ASSERT_TRUE(listener.ok()) << listener.error().text();
    auto started = ControlServer::start(
        *std::move(listener), backend,
        [this](const RefusedCall& call) {
          const std::lock_guard lock{mutex};
          refused.push_back(call);
        },
        limits);
    ASSERT_TRUE(started.ok()) << started.error().text();
    server = *std::move(started);
  }
  void TearDown() override { server.reset(); }

  Reply get(const std::string& target) { return Client{path}.call("GET", target, ""); }
  bool serves() { return std::holds_alternative<std::string>(get("/v1/status")); }
  void put_callers_into_a_run() {
    backend.runs_around = [](const std::string&) { return Answer<Lineage>{inside()}; };
  }

  test::TempDir dir;
  std::string path = dir.file("control.sock");
  FakeBackend backend;
  std::mutex mutex;
  std::vector<RefusedCall> refused;
  std::unique_ptr<ControlServer> server;
};

TEST_F(ServerTest, AnswersACallerWhomItKnowsByTheKernel) {
  start();
  backend.launcher = true;
  StatusReport report;
  const Reply reply = get("/v1/status");
  ASSERT_TRUE(std::holds_alternative<std::string>(reply));
  ASSERT_TRUE(read(*parse_json(std::get<std::string>(reply)), report).ok());
  const Caller caller = backend.last()->caller;
  EXPECT_EQ(caller.uid, ::geteuid());
  EXPECT_EQ(caller.pid, ::getpid());
  EXPECT_GE(caller.pidfd, 0);
  EXPECT_FALSE(caller.user.empty());
  EXPECT_EQ(caller.cgroup_path.front(), '/');
}

struct Hostile {
  const char* name;
  std::string bytes;
  const char* status;  // "" where it need not answer
};
void PrintTo(const Hostile& hostile, std::ostream* out) { *out << hostile.name; }

class HostileBytes : public ServerTest, public testing::WithParamInterface<Hostile> {};

TEST_P(HostileBytes, AreRefusedAndHurtNobodyElse) {
  start();
  backend.launcher = true;
  const std::string answer = RawClient{path}.send(GetParam().bytes).finish().read_to_end();
  if (*GetParam().status) {
    EXPECT_EQ(answer.substr(0, 13), std::string("HTTP/1.1 ") + GetParam().status + " ") << answer;
  }
  EXPECT_FALSE(backend.last_run || backend.last_vote || backend.last_revoke);
  EXPECT_TRUE(serves());
}

std::string post(const std::string& headers, const std::string& body) {
  return "POST /v1/runs HTTP/1.1\r\nHost: x\r\n" + headers + "\r\n" + body;
}

const Hostile kHostile[] = {
    {"nothing", "", ""},
    {"binary", std::string("\x00\x01\x02\xff\xfe", 5), "400"},
    {"tls_hello", std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11), "400"},
    {"no_version", "GET /v1/status\r\n\r\n", "400"},
    {"http2_preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "400"},
    {"half_a_request", "GET /v1/sta", ""},
    {"half_a_body", post("Content-Length: 100\r\n", "{"), ""},
    {"long_target", "GET /" + std::string(20000, 'a') + " HTTP/1.1\r\n\r\n", "400"},
    {"many_headers",
     "GET /v1/status HTTP/1.1\r\n" +
         [] {
           std::string headers;
           for (int i = 0; i < 2000; ++i) headers += "X-" + std::to_string(i) + ": y\r\n";
           return headers;
         }() +
         "\r\n",
     "400"},
    {"huge_length", post("Content-Length: 99999999999\r\n", "{}"), "400"},
    {"overflowing_length", post("Content-Length: 99999999999999999999999\r\n", "{}"), "400"},
    {"negative_length", post("Content-Length: -1\r\n", "{}"), "400"},
    {"two_lengths", post("Content-Length: 2\r\nContent-Length: 3\r\n", "{}"), "400"},
    {"length_and_chunks", post("Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
     "400"},
    {"endless_chunks",
     post("Transfer-Encoding: chunked\r\n",
          [] {
            std::string chunks;
            for (int i = 0; i < 40; ++i) chunks += "1000\r\n" + std::string(4096, 'x') + "\r\n";
            return chunks;
          }()),
     "400"},
    {"folded_header", "GET /v1/status HTTP/1.1\r\nA: b\r\n c\r\nB : d\r\n\r\n", "400"},
    {"deep_json", post("Content-Length: 60000\r\n", std::string(60000, '[')), "400"},
    {"no_endpoint", "GET /../../etc/passwd HTTP/1.1\r\n\r\n", "404"},
};
INSTANTIATE_TEST_SUITE_P(, HostileBytes, testing::ValuesIn(kHostile),
                         [](const auto& test) { return std::string{test.param.name}; });

TEST_F(ServerTest, AClientThatStopsHalfwayHoldsUpNobody) {
  start();
  backend.launcher = true;
  std::vector<std::unique_ptr<RawClient>> slow;
  for (int i = 0; i < 8; ++i) {
    slow.push_back(std::make_unique<RawClient>(path));
    slow.back()->send("POST /v1/runs HTTP/1.1\r\nContent-Length: 10\r\n\r\n{");
  }
  EXPECT_TRUE(serves());
}

TEST_F(ServerTest, ABackendCallThatHangsHoldsUpNobody) {
  start();
  backend.launcher = true;
  std::promise<void> entered, release;
  std::atomic<bool> first{true};
  backend.on_status = [&] {
    if (!first.exchange(false)) return;
    entered.set_value();
    release.get_future().wait();
  };
  std::thread hanging{[&] { EXPECT_TRUE(serves()); }};
  entered.get_future().wait();
  EXPECT_TRUE(std::holds_alternative<std::string>(get("/v1/approvals")));
  release.set_value();
  hanging.join();
}

TEST_F(ServerTest, SeveralRequestsGoOverOneConnection) {
  start();
  backend.launcher = true;
  RawClient client{path};
  client.send(std::string(kStatusRequest) + kStatusRequest);
  EXPECT_THAT(client.read_answer(), HasSubstr("200 OK"));
  EXPECT_THAT(client.read_answer(), HasSubstr("200 OK"));
}

TEST_F(ServerTest, AgentsHaveTheirOwnShareOfConnectionsEvenAsRoot) {
  ServerLimits limits;
  limits.connections_in_runs_max = 2;
  start(limits);
  put_callers_into_a_run();
  RawClient first{path}, second{path};
  EXPECT_THAT(first.send(kStatusRequest).read_answer(), HasSubstr("200 OK"));
  EXPECT_THAT(second.send(kStatusRequest).read_answer(), HasSubstr("200 OK"));
  EXPECT_THAT(RawClient{path}.read_to_end(), HasSubstr("503"));
  // People outside are not affected.
  backend.runs_around = [](const std::string&) { return Answer<Lineage>{Lineage{}}; };
  backend.launcher = true;
  EXPECT_TRUE(serves());
}

TEST_F(ServerTest, RootIsServedHoweverManyOfItsConnectionsComeAtOnce) {
  ASSERT_EQ(::geteuid(), 0U) << "run as root";
  start();
  backend.launcher = true;
  std::vector<std::unique_ptr<RawClient>> crowd;
  for (int i = 0; i < 300; ++i) crowd.push_back(std::make_unique<RawClient>(path));
  for (const auto& client : crowd) client->send(kStatusRequest);
  for (const auto& client : crowd) EXPECT_THAT(client->read_answer(), HasSubstr("200 OK"));
}

// Who is not known yet waits behind what the threads are at; when these go on, nobody was lost.
TEST_F(ServerTest, ACrowdWaitsWhileAllThreadsOfTheBackendAreBusy) {
  ASSERT_EQ(::geteuid(), 0U) << "run as root";
  ServerLimits limits;
  start(limits);
  backend.launcher = true;
  std::promise<void> release;
  const std::shared_future<void> released = release.get_future().share();
  std::vector<std::promise<void>> entered(limits.backend_threads);
  std::atomic<std::size_t> calls{0};
  backend.on_status = [&] {
    const std::size_t call = calls.fetch_add(1);
    if (call >= entered.size()) return;
    entered[call].set_value();
    released.wait();
  };
  std::vector<std::unique_ptr<RawClient>> busy;
  for (auto& one : entered) {
    busy.push_back(std::make_unique<RawClient>(path));
    busy.back()->send(kStatusRequest);
    one.get_future().wait();
  }
  // More than the server takes and the kernel queues: the last of them wait in connect().
  std::vector<std::future<std::string>> crowd;
  std::latch begun{150};
  for (int i = 0; i < 150; ++i)
    crowd.push_back(std::async(std::launch::async, [&] {
      begun.count_down();
      return RawClient{path}.send(kStatusRequest).read_answer();
    }));
  begun.wait();
  EXPECT_EQ(calls, entered.size()) << "nobody of the crowd was served";
  release.set_value();
  for (const auto& client : busy) EXPECT_THAT(client->read_answer(), HasSubstr("200 OK"));
  for (auto& answer : crowd) EXPECT_THAT(answer.get(), HasSubstr("200 OK"));
}

TEST_F(ServerTest, ACallerInsideARunIsRefusedAndReported) {
  start();
  put_callers_into_a_run();
  const Reply reply = Client{path}.call("POST", "/v1/approvals/abcd2345/approve", "{}");
  ASSERT_TRUE(std::holds_alternative<Refusal>(reply));
  EXPECT_EQ(std::get<Refusal>(reply).kind, Refusal::Kind::kForbidden);
  const std::lock_guard lock{mutex};
  ASSERT_EQ(refused.size(), 1U);
  EXPECT_EQ(refused[0].operation, "approve");
  EXPECT_EQ(refused[0].run, "run-1");
  EXPECT_EQ(refused[0].pid, ::getpid());
}

TEST_F(ServerTest, AConnectionOpenedOutsideARunGivesNoRightsInsideIt) {
  start();
  backend.approver = true;
  std::atomic<bool> moved{false};
  backend.runs_around = [&](const std::string&) {
    return Answer<Lineage>{moved ? inside() : Lineage{}};
  };
  RawClient client{path};
  EXPECT_THAT(client.send(kStatusRequest).read_answer(), HasSubstr("200 OK"));
  moved = true;
  EXPECT_THAT(
      client.send("POST /v1/approvals/abcd2345/approve HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}")
          .read_answer(),
      HasSubstr("403"));
  EXPECT_FALSE(backend.last_vote);
}

TEST_F(ServerTest, AConnectionDiesWithTheStartOfARun) {
  start();
  backend.launcher = true;
  RawClient client{path};
  const std::string body = R"({"agent":"reporter"})";
  client.send("POST /v1/runs HTTP/1.1\r\nContent-Length: " + std::to_string(body.size()) +
              "\r\n\r\n" + body);
  EXPECT_THAT(client.read_to_end(), HasSubstr("200 OK"));  // ends: the server closed it
}

TEST_F(ServerTest, AConnectionOfAProcessThatHasEndedIsWorthNothing) {
  start();
  backend.launcher = backend.approver = true;
  UniqueFd socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  const pid_t child = ::fork();
  if (child == 0) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    ::_exit(::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address));
  }
  int how = 0;
  ASSERT_EQ(::waitpid(child, &how, 0), child);
  ASSERT_EQ(how, 0);
  RawClient client{std::move(socket)};
  client.send(kStatusRequest).finish();
  EXPECT_EQ(client.read_to_end().find("200 OK"), std::string::npos);
  EXPECT_FALSE(backend.last());
}

TEST_F(ServerTest, AFollowerIsToldOfAChange) {
  start();
  backend.approver = true;
  auto following =
      std::async(std::launch::async, [&] { return get("/v1/approvals?after=1&wait=30"); });
  backend.version = 2;
  server->approvals_changed();
  const Reply reply = following.get();
  ApprovalsReport report;
  ASSERT_TRUE(std::holds_alternative<std::string>(reply));
  ASSERT_TRUE(read(*parse_json(std::get<std::string>(reply)), report).ok());
  EXPECT_EQ(report.version, 2U);
}

TEST_F(ServerTest, WhoMayNotSeeMayNotWaitEither) {
  start();
  if (::geteuid() == 0) {
    backend.runs_around = [](const std::string&) -> Answer<Lineage> {
      return Refusal{Refusal::Kind::kForbidden, "cannot be told"};
    };
  }
  EXPECT_TRUE(std::holds_alternative<Refusal>(get("/v1/approvals?after=1&wait=30")));
}

TEST_F(ServerTest, StopsWithFollowersAndHalfRequestsInTheAir) {
  start();
  backend.launcher = true;
  RawClient half{path}, follower{path}, idle{path};
  half.send("GET /v1/st");
  follower.send("GET /v1/approvals?after=1&wait=30 HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(serves());
  server.reset();
  EXPECT_EQ(idle.read_to_end(), "");
}

TEST_F(ServerTest, ASocketInUseIsNotTakenOver) {
  start();
  const auto second = open_control_socket(path);
  ASSERT_FALSE(second.ok());
  EXPECT_THAT(second.error().text(), HasSubstr("another sluiced"));
  backend.launcher = true;
  EXPECT_TRUE(serves());
}

TEST_F(ServerTest, ASocketThatADeadDaemonLeftIsReplaced) {
  start();
  server.reset();
  start();
  backend.launcher = true;
  EXPECT_TRUE(serves());
}

TEST(ControlSocket, DoesNotRemoveWhatIsNoSocket) {
  const test::TempDir dir;
  std::ofstream{dir.file("control.sock")} << "precious";
  EXPECT_FALSE(open_control_socket(dir.file("control.sock")).ok());
  EXPECT_TRUE(std::filesystem::exists(dir.file("control.sock")));
}

TEST(ControlClient, SaysInOneSentenceWhatToDoWithoutADaemon) {
  const test::TempDir dir;
  const Reply reply = Client{dir.file("none.sock")}.call("GET", "/v1/status", "");
  ASSERT_TRUE(std::holds_alternative<Unreachable>(reply));
  const std::string& text = std::get<Unreachable>(reply).text;
  EXPECT_THAT(text, HasSubstr(dir.file("none.sock")));
  EXPECT_THAT(text, HasSubstr("--config"));
}

TEST(ControlClient, TakesNothingFromSomethingElse) {
  const test::TempDir dir;
  auto listener = open_control_socket(dir.file("s"));
  ASSERT_TRUE(listener.ok());
  for (const char* says : {"", "garbage\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{",
                           "HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\n{}"}) {
    std::thread server{[&] {
      const UniqueFd peer{::accept(listener->get(), nullptr, nullptr)};
      char buffer[4096];
      static_cast<void>(::recv(peer.get(), buffer, sizeof buffer, 0));
      static_cast<void>(::send(peer.get(), says, std::strlen(says), MSG_NOSIGNAL));
    }};
    const Reply reply = Client{dir.file("s")}.call("GET", "/v1/status", "");
    server.join();
    EXPECT_TRUE(std::holds_alternative<Unreachable>(reply)) << says;
  }
}

}  // namespace
}  // namespace sluice::control
