// SPDX-License-Identifier: Apache-2.0
// DNS over UDP: some sockets, one thread. Who asks and what they may know is the caller's to say.
#pragma once

#include "base/unique_fd.h"

#include <sluice/bytes.h>
#include <sluice/resource.h>
#include <sluice/result.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace sluice::net {

// A bound UDP socket on `at` (port 0: any).
Result<UniqueFd> bind_udp(const Endpoint& at);

class DnsServer {
 public:
  // Gives the answer to the datagram that came from `source` to the socket at that place in the
  // list; empty: none is sent. On the server's thread.
  using Answer = std::function<Bytes(std::size_t socket, const Endpoint& source, ByteView query)>;

  DnsServer() = default;
  ~DnsServer() { stop(); }
  DnsServer(const DnsServer&) = delete;
  DnsServer& operator=(const DnsServer&) = delete;

  Result<void> start(std::vector<UniqueFd> sockets, std::size_t query_bytes_max, Answer answer);
  void stop();  // joins the thread; idempotent
  // Runs a task on the server's thread, at once on this one where that does not run. Any thread.
  void post(std::function<void()> task);
  std::uint64_t unsent() const { return unsent_; }  // answers that the kernel did not take

 private:
  void run();
  bool take_turn();
  void serve(std::size_t socket);

  std::vector<UniqueFd> sockets_;
  std::size_t query_bytes_max_ = 0;
  Answer answer_;
  UniqueFd wake_;
  std::atomic<std::uint64_t> unsent_{0};
  std::mutex mutex_;  // guards the two below
  bool runs_ = false;
  std::vector<std::function<void()>> posted_;
  std::thread thread_;
};

}  // namespace sluice::net
