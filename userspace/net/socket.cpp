// SPDX-License-Identifier: Apache-2.0
#include "net/socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <climits>

namespace sluice::net {

namespace {

// IOV_MAX of Linux; sendmsg() refuses more.
constexpr std::size_t kPartsMax = 1024;

// Most messages are one range, and for one the kernel does less than for a list.
ssize_t send_once(int fd, std::span<iovec> parts) {
  if (parts.size() == 1)
    return ::send(fd, parts.front().iov_base, parts.front().iov_len, MSG_NOSIGNAL);
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = std::min(parts.size(), kPartsMax);
  return ::sendmsg(fd, &message, MSG_NOSIGNAL);
}

bool interrupted_for_now(int err) { return err == EAGAIN || err == EWOULDBLOCK; }

}  // namespace

void Socket::open(UniqueFd fd) {
  fd_ = std::move(fd);
  readable_ = true;  // unknown; the first receive() finds out
  hung_up_ = failed_ = write_broken_ = false;
}

void Socket::note_events(std::uint32_t events) {
  if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) readable_ = true;
  if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) hung_up_ = true;
  if ((events & EPOLLERR) != 0) failed_ = true;
}

IoResult Socket::receive(std::span<std::uint8_t> into) {
  if (!fd_) return {IoStatus::kReset, 0};
  if (!readable_) return {};
  for (;;) {
    const ssize_t count = ::recv(fd_.get(), into.data(), into.size(), 0);
    if (count > 0) {
      const auto received = static_cast<std::size_t>(count);
      // A short read has emptied the receive queue, and new bytes bring a new event (epoll(7)), so
      // the call that would only say EAGAIN is saved. Not after a hang-up: its event is spent.
      if (received < into.size() && !hung_up_) readable_ = false;
      return {IoStatus::kBytes, received};
    }
    if (count == 0) return {IoStatus::kEnd, 0};
    if (errno == EINTR) continue;
    if (interrupted_for_now(errno)) {
      readable_ = false;
      return {};
    }
    return {IoStatus::kReset, 0};
  }
}

std::size_t Socket::send_now(std::span<iovec> parts) {
  std::size_t sent = 0;
  while (!parts.empty() && !write_broken_) {
    const ssize_t count = send_once(fd_.get(), parts);
    if (count < 0) {
      if (errno == EINTR) continue;
      if (!interrupted_for_now(errno)) write_broken_ = true;
      return sent;
    }
    auto left = static_cast<std::size_t>(count);
    sent += left;
    while (!parts.empty() && left >= parts.front().iov_len) {
      left -= parts.front().iov_len;
      parts = parts.subspan(1);
    }
    if (!parts.empty() && left > 0) {
      parts.front().iov_base = static_cast<std::uint8_t*>(parts.front().iov_base) + left;
      parts.front().iov_len -= left;
    }
  }
  return sent;
}

void Socket::send(std::span<iovec> parts) {
  if (!fd_ || write_broken_) return;
  std::size_t total = 0;
  for (const iovec& part : parts) total += part.iov_len;
  std::size_t taken = out_.empty() ? send_now(parts) : 0;
  if (taken == total || write_broken_) return;
  // send_now() has moved the parts forward over what was taken: fully sent ones are skipped here.
  std::size_t missing = total - taken;
  for (std::size_t index = parts.size(); index-- > 0 && missing > 0;) {
    missing -= std::min(missing, parts[index].iov_len);
    if (missing == 0) {
      parts = parts.subspan(index);
      break;
    }
  }
  for (const iovec& part : parts)
    out_.append({static_cast<const std::uint8_t*>(part.iov_base), part.iov_len});
}

void Socket::send(ByteView bytes) {
  if (bytes.empty()) return;
  iovec part{const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
  send({&part, 1});
}

void Socket::flush() {
  if (!fd_ || out_.empty()) return;
  const ByteView held = out_.view();
  iovec part{const_cast<std::uint8_t*>(held.data()), held.size()};
  out_.consume(send_now({&part, 1}));
  if (write_broken_) out_.consume(out_.size());
  out_.release();
}

void Socket::shut_down_writing() {
  if (fd_) ::shutdown(fd_.get(), SHUT_WR);
}

void Socket::close() {
  fd_.reset();
  readable_ = false;
  out_.consume(out_.size());
  out_.release();
}

void Socket::reset() {
  if (fd_) {
    const linger now{1, 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
  }
  close();
}

void tune_stream(int fd) {
  const int on = 1;
  // A message that is judged must not then wait for an acknowledgement of the one before it.
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
}

void bound_receive_buffer(int fd, int bytes) {
  ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
}

}  // namespace sluice::net
