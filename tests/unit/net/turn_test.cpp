// SPDX-License-Identifier: Apache-2.0
// A flow that has much to do takes turns with the others of its thread.
#include "net/task_threads.h"
#include "support.h"
#include "tls_peer.h"

#include <future>
#include <stdexcept>

namespace sluice::net::test {
namespace {

// Takes a byte at a time of what begins with 'x', and says that it has done enough; waits with the
// first until the test has said so. Of others it tells.
Plane::Options taking_turns(Journal& journal, std::shared_future<void> go) {
  Plane::Options options;
  options.make_session = [&journal, go] {
    auto more = std::make_shared<bool>(false);
    auto session = std::make_unique<ScriptSession>(
        [&journal, go, more](const Input& input, FlowActions& out) -> std::size_t {
          if (std::holds_alternative<SideClosed>(input)) {
            journal.add("closed");
            if (!*more) out.emplace_back(Close{"done"});
          }
          if (const auto* terminate = std::get_if<Terminate>(&input))
            out.emplace_back(Close{terminate->reason});
          const auto* received = std::get_if<Received>(&input);
          if (received == nullptr || received->bytes.empty()) return 0;
          if (received->bytes.front() != 'x') {
            journal.add("other");
            return received->bytes.size();
          }
          journal.add("x");
          go.wait();
          *more = received->bytes.size() > 1;
          if (!*more) journal.add("last");
          return 1;
        });
    session->demand_ = [more](Side) { return *more ? Demand::kInTurn : Demand::kMore; };
    return session;
  };
  return options;
}

TEST(Turn, IsGivenToTheOthersOfTheThread) {
  Journal journal;
  std::promise<void> go;
  Plane plane{taking_turns(journal, go.get_future().share())};
  const UniqueFd busy = plane.connect();
  const UniqueFd other = plane.connect();
  send_all(other, "o");
  ASSERT_TRUE(journal.await("other")) << "it is there";
  send_all(busy, std::string(100, 'x'));
  ASSERT_TRUE(journal.await("x"));
  send_all(other, "o");
  go.set_value();
  ASSERT_TRUE(journal.await("last")) << "nothing more arrived, and all is offered";
  const auto lines = journal.lines();
  EXPECT_EQ(std::count(lines.begin(), lines.end(), "x"), 100);
  const auto answered =
      std::find(std::next(std::find(lines.begin(), lines.end(), "x")), lines.end(), "other");
  EXPECT_LT(std::distance(lines.begin(), answered), journal.place("last"));
}

TEST(Turn, GoesOnWhenTheAgentSaysNoMore) {
  Journal journal;
  std::promise<void> go;
  Plane plane{taking_turns(journal, go.get_future().share())};
  const UniqueFd busy = plane.connect();
  send_all(busy, std::string(100, 'x'));
  ASSERT_TRUE(journal.await("x"));
  half_close(busy);
  go.set_value();
  EXPECT_TRUE(journal.await("closed"));
  EXPECT_TRUE(journal.await("last"));
}

TEST(Turn, OfAFlowThatEndsIsOver) {
  Journal journal;
  std::promise<void> go;
  Plane plane{taking_turns(journal, go.get_future().share())};
  UniqueFd busy = plane.connect();
  send_all(busy, std::string(100, 'x'));
  ASSERT_TRUE(journal.await("x"));
  reset(std::move(busy));
  go.set_value();
  EXPECT_TRUE(plane.journal.await("closed: the agent broke the connection"));
}

TEST(Turn, OfAFlowThatIsRevokedIsItsLast) {
  Journal journal;
  std::promise<void> go;
  Plane plane{taking_turns(journal, go.get_future().share())};
  const UniqueFd busy = plane.connect();
  send_all(busy, std::string(100, 'x'));
  ASSERT_TRUE(journal.await("x"));
  plane.server->flows().terminate_run(plane.run, "revoked");
  go.set_value();
  EXPECT_TRUE(plane.journal.await("closed: revoked"));
  EXPECT_EQ(journal.place("last"), -1) << "most of it was not offered any more";
}

TEST(Turn, GoesOnWithinTls) {
  Plane::Options options;
  Journal journal;
  options.make_session = [&journal] {
    auto more = std::make_shared<bool>(false);
    auto started = std::make_shared<bool>(false);
    auto session = std::make_unique<ScriptSession>(
        [&journal, more, started](const Input& input, FlowActions& out) -> std::size_t {
          const auto* received = std::get_if<Received>(&input);
          if (received == nullptr || received->bytes.empty()) return 0;
          if (!std::exchange(*started, true)) {
            out.emplace_back(StartTls{Side::kAgent, true});
            return 0;
          }
          const std::size_t taken = std::min<std::size_t>(received->bytes.size(), 1000);
          *more = received->bytes.size() > taken;
          out.emplace_back(Send{Side::kAgent, received->bytes.first(taken)});
          return taken;
        });
    session->demand_ = [more](Side) { return *more ? Demand::kInTurn : Demand::kMore; };
    return session;
  };
  Plane plane{options};
  TlsPeer peer{plane.connect()};
  ASSERT_EQ(peer.connect({.ca_file = plane.ca().certificate_path(),
                          .verify = "db.internal",
                          .alpn = "postgresql"}),
            "");
  const std::string all(100'000, 'x');
  peer.write(all);
  EXPECT_EQ(peer.read(all.size()), all);
}

TEST(TaskThreads, GoOnAfterATaskThatThrows) {
  TaskThreads threads{1, 8};
  std::promise<void> done;
  ASSERT_TRUE(threads.run([] { throw std::runtime_error{"no memory"}; }));
  ASSERT_TRUE(threads.run([&done] { done.set_value(); }));
  done.get_future().wait();
}

}  // namespace
}  // namespace sluice::net::test
