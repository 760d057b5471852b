// SPDX-License-Identifier: Apache-2.0
// DNS over UDP: some groups of sockets, one thread. Who asks and what they may know is the caller's
// to say.
#pragma once

#include "base/unique_fd.h"

#include <sluice/bytes.h>
#include <sluice/resource.h>
#include <sluice/result.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

namespace sluice::net {

// A bound UDP socket on `at` (port 0: any).
Result<UniqueFd> bind_udp(const Endpoint& at);

class DnsServer {
 public:
  // Gives the answer to the datagram that came from `source` to the socket at that place in the
  // list of its group; empty: none is sent. On the server's thread.
  using Answer = std::function<Bytes(std::size_t socket, const Endpoint& source, ByteView query)>;

  DnsServer() = default;
  ~DnsServer() { stop(); }
  DnsServer(const DnsServer&) = delete;
  DnsServer& operator=(const DnsServer&) = delete;

  // With the sockets of group 0.
  Result<void> start(std::vector<UniqueFd> sockets, std::size_t query_bytes_max, Answer answer);
  // Another group, and its end. Any thread; neither waits until it is done, and where the thread
  // does not run nothing is done.
  void add(std::uint64_t group, std::vector<UniqueFd> sockets, Answer answer);
  void remove(std::uint64_t group);
  void stop();  // joins the thread; idempotent
  // Runs a task on the server's thread, at once on this one where that does not run. Any thread.
  void post(std::function<void()> task);
  std::uint64_t unsent() const { return unsent_; }  // answers that the kernel did not take

 private:
  void run();
  bool take_turn();
  void change(std::function<void()> task);
  struct Group {
    std::vector<UniqueFd> sockets;
    Answer answer;
  };
  void serve(const Group& group, std::size_t socket);

  std::map<std::uint64_t, Group> groups_;  // the thread's own, as the two below
  bool groups_changed_ = false;
  std::size_t query_bytes_max_ = 0;
  UniqueFd wake_;
  std::atomic<std::uint64_t> unsent_{0};
  std::mutex mutex_;  // guards the two below
  bool runs_ = false;
  std::vector<std::function<void()>> posted_;
  std::thread thread_;
};

}  // namespace sluice::net
