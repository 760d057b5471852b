// SPDX-License-Identifier: Apache-2.0
#include "keeper/wire.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace sluice::keeper {
namespace {

// Room for more descriptors than are accepted, so that a sender of several is seen and refused.
constexpr std::size_t kDescriptorRoom = 8;

void take_descriptors(const msghdr& message, Datagram& out) {
  for (cmsghdr* head = CMSG_FIRSTHDR(&message); head != nullptr;
       head = CMSG_NXTHDR(const_cast<msghdr*>(&message), head)) {
    if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int raw = -1;
      std::memcpy(&raw, CMSG_DATA(head) + i * sizeof(int), sizeof raw);
      UniqueFd fd{raw};
      if (out.fd) out.whole = false;  // `fd` closes
      if (!out.fd) out.fd = std::move(fd);
    }
  }
}

}  // namespace

Result<Datagram> receive(int socket, void* buffer, std::size_t capacity) {
  iovec part{buffer, capacity};
  alignas(cmsghdr) char control[CMSG_SPACE(kDescriptorRoom * sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t got = 0;
  do {
    got = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return Error::sys(errno, "receive from the other half of sluiced");
  Datagram datagram;
  datagram.size = static_cast<std::size_t>(got);
  datagram.whole = (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0;
  take_descriptors(message, datagram);
  return datagram;
}

Result<void> send(int socket, const void* bytes, std::size_t size, int fd, Waiting waiting) {
  iovec part{const_cast<void*>(bytes), size};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (fd >= 0) {
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* const head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(head), &fd, sizeof fd);
  }
  const int flags = MSG_NOSIGNAL | (waiting == Waiting::kNo ? MSG_DONTWAIT : 0);
  ssize_t put = 0;
  do {
    put = ::sendmsg(socket, &message, flags);
  } while (put < 0 && errno == EINTR);
  if (put != static_cast<ssize_t>(size))
    return Error::sys(put < 0 ? errno : EIO, "send to the other half of sluiced");
  return {};
}

bool put_text(char* out, std::size_t capacity, std::string_view text) {
  if (text.size() >= capacity || text.find('\0') != std::string_view::npos) return false;
  std::memcpy(out, text.data(), text.size());
  std::memset(out + text.size(), 0, capacity - text.size());
  return true;
}

std::optional<std::string_view> get_text(const char* in, std::size_t capacity) {
  const std::size_t size = ::strnlen(in, capacity);
  if (size == capacity) return std::nullopt;
  return std::string_view(in, size);
}

}  // namespace sluice::keeper
