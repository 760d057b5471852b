// SPDX-License-Identifier: Apache-2.0
// A cgroup, a bpffs and a loaded plane of a test's own, and children that act as agents in it. All
// of it goes when the Lab goes. Needs root.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "base/unique_fd.h"
#include "kernel/events.h"
#include "kernel/kernel_maps.h"
#include "kernel/plane.h"
#include "kernel/reconcile.h"

namespace sluice::kernel::testing_lab {

// Throws std::runtime_error, which fails the test, with the error's text.
[[noreturn]] void fail(const std::string& what);
template <class T>
T must(Result<T> result) {
  if (!result) fail(result.error().text());
  if constexpr (!std::is_void_v<T>) return std::move(result).value();
}

// A socket address as the tests write it: "127.0.0.1", "::1", "::ffff:127.0.0.1".
struct Address {
  Address(const std::string& ip, std::uint16_t port);
  sockaddr_storage storage{};
  socklen_t length = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};
std::string text_of(const sockaddr_storage& address);  // "[::ffff:127.0.0.1]:5432"

// A process in a cgroup. It must be waited for by result().
class Child {
 public:
  Child(const std::string& cgroup, const std::function<std::string()>& act);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  std::string result();  // what act() returned; "exception: ..." or "died" otherwise
  pid_t pid() const { return pid_; }
  void release() { go_.reset(); }  // what waits in await_release() goes on

  static void await_release();      // in the child
  static int release_descriptor();  // in the child: readable once it is released

 private:
  pid_t pid_ = -1;
  UniqueFd from_child_;
  UniqueFd go_;
};

// Runs `act` as a task of `cgroup` and returns what it says.
std::string as_agent(const std::string& cgroup, const std::function<std::string()>& act);

// "ok <peer as getpeername says>" or the name of the errno.
std::string connect_to(const Address& to, int type = SOCK_STREAM, int protocol = 0);
std::string errno_name(int err);

// The calling process goes into a network namespace of its own, which has nothing but lo, up.
void new_network_namespace();

struct Listener {
  explicit Listener(const std::string& ip, int backlog = 128);
  UniqueFd accept() const;
  UniqueFd fd;
  std::uint16_t port = 0;
  std::string ip;
  Endpoint endpoint() const;
};

class Lab {
 public:
  explicit Lab(const std::function<void(PlaneOptions&)>& adjust = {});
  ~Lab();
  Lab(const Lab&) = delete;
  Lab& operator=(const Lab&) = delete;

  std::string make_cgroup(const std::string& name);  // below the root of the lab; "a/b" nests
  // Makes a cgroup and a run in it.
  std::string make_run(const std::string& name, std::uint32_t subject = 1);
  std::uint64_t id_of(const std::string& cgroup) const;
  void load();         // again: reload over the pins
  void drop_daemon();  // everything that lives in this process goes; the pins stay
  std::vector<KernelEvent> events();
  std::size_t flow_records() const;
  std::size_t query_records() const;
  std::uint64_t count(const std::string& reason) const;

  std::string root;
  PlaneOptions options;
  std::optional<Plane> plane;
  std::unique_ptr<KernelMaps> maps;
  std::optional<EventReader> reader;

 private:
  std::string scratch_;
  std::vector<std::string> cgroups_;
};

VerdictEntry verdict_for(const std::string& ip, std::uint16_t port, ConnectVerdict verdict,
                         std::uint8_t ip_protocol = IPPROTO_TCP, std::uint8_t prefix_length = 128);

}  // namespace sluice::kernel::testing_lab
