// SPDX-License-Identifier: Apache-2.0
// Sockets that are bound to a device or to an address of one: steered or refused, never past. In a
// network namespace with a veth pair, whose addresses are the tests' own.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <unistd.h>

#include "kernel/socket_address.h"
#include "lab.h"
#include "netns.h"

namespace sluice::kernel::testing_lab {
namespace {

constexpr char kOwn[] = "10.78.0.1";
constexpr char kBeyond[] = "10.78.0.9";  // on the other end of the pair, where nobody is

class BoundToDevice : public testing::Test {
 protected:
  BoundToDevice()
      : space([] {
          loopback_up();
          run_ip(
              "link add near type veth peer name far && ip addr add 10.78.0.1/24 dev near"
              " && ip link set near up && ip link set far up");
        }) {
    space.in([&] {
      listener.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
      const Address any{"0.0.0.0", 0};
      sockaddr_storage bound{};
      socklen_t length = sizeof bound;
      if (::setsockopt(listener.get(), SOL_SOCKET, SO_BINDTODEVICE, "lo", 3) != 0 ||
          ::bind(listener.get(), any.get(), any.length) != 0 || ::listen(listener.get(), 16) != 0 ||
          ::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&bound), &length) != 0)
        fail("listen: " + errno_name(errno));
      NamespaceListeners listeners;
      listeners.netns_cookie = space.cookie();
      listeners.v4 = SteeringListener{*parse_ip("127.0.0.1"), {must(endpoint_of(bound)).port}, 16};
      must(lab.maps->set_listeners(listeners));
    });
    run = lab.make_run("run");
  }

  std::string agent(const std::function<std::string(int)>& prepare, bool as_root = true) {
    return as_agent(run, [&] {
      space.enter();
      const UniqueFd fd{::socket(AF_INET, SOCK_STREAM, 0)};
      const std::string prepared = prepare(fd.get());
      if (!prepared.empty()) return prepared;
      if (!as_root && (::setgid(65534) != 0 || ::setuid(65534) != 0)) return std::string{"setuid"};
      const timeval patience{2, 0};  // of connect()
      ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
      const Address to{kBeyond, 5432};
      return ::connect(fd.get(), to.get(), to.length) == 0 ? std::string{"ok"} : errno_name(errno);
    });
  }
  bool steered() {
    pollfd waiting{listener.get(), POLLIN, 0};
    if (::poll(&waiting, 1, 0) != 1) return false;
    const UniqueFd accepted{::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC)};
    return must(lab.maps->take_flow_record(accepted.get())).original_destination.text() ==
           std::string{kBeyond} + ":5432";
  }

  Lab lab;
  NetworkNamespace space;
  UniqueFd listener;
  std::string run;
};

std::string bind_to_device(int fd, const char* device) {
  const auto length = static_cast<socklen_t>(std::strlen(device) + 1);
  return ::setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device, length) == 0
             ? ""
             : "SO_BINDTODEVICE " + errno_name(errno);
}

TEST_F(BoundToDevice, IsSetFreeAndSteeredWhereTheAgentMayDoThat) {
  EXPECT_EQ(agent([](int fd) { return bind_to_device(fd, "near"); }), "ok");
  EXPECT_TRUE(steered());
}

TEST_F(BoundToDevice, IsRefusedWithAReasonWhereItMayNot) {
  EXPECT_EQ(agent([](int fd) { return bind_to_device(fd, "near"); }, false), "EPERM");
  EXPECT_EQ(lab.count("bound_to_device"), 1u);
  EXPECT_FALSE(steered());
}

TEST_F(BoundToDevice, MayBeLoopbackItself) {
  EXPECT_EQ(agent([](int fd) { return bind_to_device(fd, "lo"); }, false), "ok");
  EXPECT_TRUE(steered());
}

TEST_F(BoundToDevice, OrToAnAddressOfOneIsSteered) {
  EXPECT_EQ(agent([](int fd) {
              const Address source{kOwn, 0};
              return ::bind(fd, source.get(), source.length) == 0 ? "" : errno_name(errno);
            }),
            "ok");
  EXPECT_TRUE(steered());
}

// The SYN goes to our listener over lo. The answer finds nobody: the connect fails in time, and
// nothing has passed.
TEST_F(BoundToDevice, OrToAnAddressOfNobodyDoesNotPass) {
  EXPECT_NE(agent([](int fd) {
              const int on = 1;
              if (::setsockopt(fd, IPPROTO_IP, IP_TRANSPARENT, &on, sizeof on) != 0)
                return "IP_TRANSPARENT " + errno_name(errno);
              const Address source{"10.99.99.99", 0};
              return ::bind(fd, source.get(), source.length) == 0 ? "" : errno_name(errno);
            }),
            "ok");
  EXPECT_FALSE(steered());
}

}  // namespace
}  // namespace sluice::kernel::testing_lab
