// SPDX-License-Identifier: Apache-2.0
// A non-blocking stream socket under an edge-triggered poller: remembers whether reading can give
// anything, and keeps what the kernel did not take.
#pragma once

#include "base/unique_fd.h"
#include "net/byte_queue.h"

#include <sluice/bytes.h>

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <span>

namespace sluice::net {

enum class IoStatus : std::uint8_t {
  kBytes,  // something was transferred
  kAgain,  // nothing at present
  kEnd,    // the peer closed its sending half in order
  kReset   // the connection is broken, or its TLS is
};

struct IoResult {
  IoStatus status = IoStatus::kAgain;
  std::size_t count = 0;
};

class Socket {
 public:
  void open(UniqueFd fd);
  bool is_open() const { return static_cast<bool>(fd_); }
  int fd() const { return fd_.get(); }

  // Takes the event bits of epoll or poll (they have the same values).
  void note_events(std::uint32_t events);
  bool readable() const { return readable_; }
  bool hung_up() const { return hung_up_; }  // the peer closed its sending half, or all of it
  bool failed() const { return failed_; }    // the kernel reported an error on it

  IoResult receive(std::span<std::uint8_t> into);

  // Gives the kernel what it takes now and queues the rest. On a broken connection the bytes are
  // dropped: the reading side finds out.
  void send(std::span<iovec> parts);
  void send(ByteView bytes);
  void flush();
  std::size_t queued() const { return out_.size(); }
  bool write_broken() const { return write_broken_; }

  void shut_down_writing();  // FIN; call when nothing is queued
  void close();
  void reset();  // RST to the peer, and whatever was queued is lost

 private:
  std::size_t send_now(std::span<iovec> parts);

  UniqueFd fd_;
  bool readable_ = false;
  bool hung_up_ = false;
  bool failed_ = false;
  bool write_broken_ = false;
  ByteQueue out_;
};

// TCP_NODELAY and keepalive; nothing on a Unix socket.
void tune_stream(int fd);

// How many bytes the kernel keeps of what an agent sent and the flow did not yet read. Left alone
// it learns from fast reads and goes to net.ipv4.tcp_rmem's last number, 32 MiB on some kernels:
// each agent that sends on would hold that much of the host, and wait for its answers behind all of
// it. An agent is on this host, so a short buffer costs it no throughput.
inline constexpr int kAgentReceiveBuffer = 256 * 1024;
void bound_receive_buffer(int fd, int bytes);

}  // namespace sluice::net
