// SPDX-License-Identifier: Apache-2.0
// Runs in network namespaces of their own: steered once there is a listener, refused until then.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include "kernel/netns_cookie.h"
#include "lab.h"
#include "netns.h"

namespace sluice::kernel::testing_lab {
namespace {

class ForeignNamespace : public testing::Test {
 protected:
  ForeignNamespace()
      : space([] {
          loopback_up();
          add_loopback_address("10.77.0.1");
        }) {
    must(lab.maps->set_listeners(home.endpoint(), std::nullopt));
    run = lab.make_run("run");
  }
  std::string connect_inside(const Address& to) {
    return as_agent(run, [&] {
      space.enter();
      return connect_to(to);
    });
  }
  void open_listener() {
    space.in([&] { there.emplace("127.0.0.1"); });
    NamespaceListeners listeners;
    listeners.netns_cookie = space.cookie();
    listeners.v4 = SteeringListener{*parse_ip("127.0.0.1"), {there->port}, 0};
    must(lab.maps->set_listeners(listeners));
  }

  Lab lab;
  Listener home{"127.0.0.1"};
  NetworkNamespace space;
  std::optional<Listener> there;
  std::string run;
};

TEST_F(ForeignNamespace, IsRefusedAtOnceWithoutAListenerAndTheEventSaysWhere) {
  EXPECT_EQ(connect_inside({"10.77.0.1", 5432}), "ECONNREFUSED");
  EXPECT_EQ(lab.count("netns_without_listener"), 1u);
  const auto events = lab.events();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].reason, "netns_without_listener");
  EXPECT_EQ(events[0].netns_cookie, space.cookie());
  EXPECT_NE(events[0].pid, 0u);
  EXPECT_NE(events[0].netns_cookie, must(lab.maps->home_netns()));
}

TEST_F(ForeignNamespace, IsSteeredToItsOwnListener) {
  open_listener();
  EXPECT_EQ(connect_inside({"10.77.0.1", 5432}), "ok 10.77.0.1:5432");
  const UniqueFd accepted = there->accept();
  EXPECT_EQ(must(netns_cookie_of(accepted.get())), space.cookie());
  EXPECT_EQ(must(lab.maps->take_flow_record(accepted.get())).original_destination.text(),
            "10.77.0.1:5432");
  must(lab.maps->forget_listeners(space.cookie()));
  EXPECT_EQ(connect_inside({"10.77.0.1", 5432}), "ECONNREFUSED");
  EXPECT_EQ(as_agent(run,
                     [] {
                       return connect_to({"127.1.2.3", 1});
                     }),
            "ok 127.1.2.3:1")
      << "the daemon's own namespace keeps its listener";
  must(lab.maps->forget_all_listeners());
  EXPECT_EQ(as_agent(run, [] { return connect_to({"127.1.2.3", 1}); }), "ECONNREFUSED");
}

// The daemon would connect to the host's 127.0.0.1, which is another place.
TEST_F(ForeignNamespace, IsNotTakenForTheHostByItsLoopback) {
  open_listener();
  auto direct = verdict_for("127.0.0.0", 0, ConnectVerdict::kDirect, IPPROTO_TCP, 96 + 8);
  EXPECT_EQ(connect_inside({"127.0.0.1", 5432}), "ECONNREFUSED");
  EXPECT_EQ(connect_inside({"0.0.0.0", 5432}), "ECONNREFUSED");
  must(lab.maps->set_verdict(direct));
  EXPECT_EQ(connect_inside({"127.0.0.1", 5432}), "ECONNREFUSED");
  EXPECT_EQ(connect_inside({"::ffff:127.0.0.1", 5432}), "ECONNREFUSED");
  EXPECT_EQ(connect_inside({"::1", 5432}), "ECONNREFUSED");
  EXPECT_EQ(lab.count("foreign_loopback"), 5u);
  pollfd waiting{there->fd.get(), POLLIN, 0};
  EXPECT_EQ(::poll(&waiting, 1, 0), 0);
}

TEST_F(ForeignNamespace, HasItsListenersForgottenByANewDaemon) {
  open_listener();
  lab.load();
  EXPECT_EQ(connect_inside({"10.77.0.1", 5432}), "ECONNREFUSED");
  EXPECT_EQ(lab.count("netns_without_listener"), 1u);
}

TEST_F(ForeignNamespace, FailsClosedWhereItsLoopbackIsDown) {
  const NetworkNamespace dark;
  NamespaceListeners listeners;
  listeners.netns_cookie = dark.cookie();
  listeners.v4 = SteeringListener{*parse_ip("127.0.0.1"), {4000}, 0};
  must(lab.maps->set_listeners(listeners));
  EXPECT_EQ(as_agent(run,
                     [&] {
                       dark.enter();
                       return connect_to({"10.77.0.1", 5432});
                     }),
            "ENETUNREACH");
  EXPECT_EQ(lab.flow_records(), 0u);
}

}  // namespace
}  // namespace sluice::kernel::testing_lab
