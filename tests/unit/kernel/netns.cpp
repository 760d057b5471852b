// SPDX-License-Identifier: Apache-2.0
#include "netns.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <fstream>
#include <thread>

#include "kernel/netns_cookie.h"
#include "lab.h"

namespace sluice::kernel::testing_lab {
namespace {

void on_thread(const std::function<void()>& act) {
  std::exception_ptr thrown;
  std::thread{[&] {
    try {
      act();
    } catch (...) {
      thrown = std::current_exception();
    }
  }}.join();
  if (thrown) std::rethrow_exception(thrown);
}

}  // namespace

NetworkNamespace::NetworkNamespace(const std::function<void()>& set_up) {
  on_thread([&] {
    if (::unshare(CLONE_NEWNET) != 0) fail("make a network namespace: " + errno_name(errno));
    fd_.reset(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
    if (!fd_) fail("open the new network namespace: " + errno_name(errno));
    cookie_ = must(own_netns_cookie());
    if (set_up) set_up();
  });
}

void NetworkNamespace::enter() const {
  if (::setns(fd_.get(), CLONE_NEWNET) != 0) fail("enter it: " + errno_name(errno));
}

void NetworkNamespace::in(const std::function<void()>& act) const {
  on_thread([&] {
    enter();
    act();
  });
}

void loopback_up() {
  const UniqueFd any{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  ifreq lo{};
  std::strcpy(lo.ifr_name, "lo");
  lo.ifr_flags = IFF_UP;
  if (::ioctl(any.get(), SIOCSIFFLAGS, &lo) != 0) fail("set lo up: " + errno_name(errno));
}

void add_loopback_address(const std::string& ip) {
  const UniqueFd any{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  ifreq lo{};
  std::strcpy(lo.ifr_name, "lo:1");
  const Address address{ip, 0};
  std::memcpy(&lo.ifr_addr, &address.storage, sizeof lo.ifr_addr);
  if (::ioctl(any.get(), SIOCSIFADDR, &lo) != 0) fail("add " + ip + ": " + errno_name(errno));
}

void set_sysctl(const std::string& path, const std::string& value) {
  std::ofstream file{"/proc/sys/" + path};
  if (!(file << value << std::flush)) fail("set " + path);
}

void run_ip(const std::string& arguments) {
  if (std::system(("ip " + arguments).c_str()) != 0) fail("ip " + arguments);
}

}  // namespace sluice::kernel::testing_lab
