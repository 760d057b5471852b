// SPDX-License-Identifier: Apache-2.0
#include "keeper/hand_over.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

#include "keeper/wire.h"

namespace sluice::keeper {
namespace {

constexpr int kBacklog = 64;
constexpr std::uint32_t kSocketsMax = 4096;
constexpr timeval kKeeperPatience{1, 0};  // the worker's requests wait for so long
constexpr timeval kNewcomerPatience{10, 0};

Result<UniqueFd> copy_of(const UniqueFd& fd) {
  UniqueFd copy{::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0)};
  if (!copy) return Error::sys(errno, "duplicate a socket");
  return copy;
}

Result<ucred> peer_of(int socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
    return Error::sys(errno, "ask who the other side is");
  if (peer.uid != 0) return Error::sys(EPERM, "uid " + std::to_string(peer.uid) + " is not root");
  return peer;
}

void be_patient(int socket, const timeval& patience) {
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
}

Result<void> same(const Path& asked, const std::string& ours, const char* key) {
  const auto text = get_text(asked.text, sizeof asked.text);
  if (text && *text == ours) return {};
  return Error{std::string{"its "} + key + " is not '" + ours +
               "': it is another installation; give it another run_dir"};
}

Result<void> put(Path& out, const std::string& text) {
  if (put_text(out.text, sizeof out.text, text)) return {};
  return Error::sys(ENAMETOOLONG, "the path '" + text + "'");
}

void refuse(int newcomer, const Error& why) {
  HandedSocket reply;
  reply.head.failed = 1;
  put_text(reply.head.error, kErrorBytesMax, why.text().substr(0, kErrorBytesMax - 1));
  static_cast<void>(send(newcomer, &reply, sizeof reply, -1, Waiting::kNo));
}

Result<HandedSocket> receive_socket(int from, UniqueFd& fd) {
  HandedSocket reply;
  SLUICE_TRY(Datagram datagram, receive(from, &reply, sizeof reply));
  if (datagram.size == 0) return Error{"the running daemon closed the connection"};
  if (!datagram.whole || datagram.size != sizeof reply || reply.head.magic != kMagic)
    return Error{"the running daemon is of another version; stop it and start this one"};
  if (reply.head.failed != 0)
    return Error{std::string(reply.head.error, ::strnlen(reply.head.error, kErrorBytesMax))};
  if (!datagram.fd || reply.left > kSocketsMax)
    return Error{"the running daemon's answer brought no socket"};
  fd = std::move(datagram.fd);
  return reply;
}

Result<Sockets> receive_sockets(int from) {
  Sockets sockets;
  for (std::uint32_t left = 1; left != 0;) {
    UniqueFd fd;
    SLUICE_TRY(const HandedSocket reply, receive_socket(from, fd));
    left = reply.left;
    switch (reply.kind) {
      case Handed::kListener: sockets.listeners.push_back(std::move(fd)); break;
      case Handed::kResolverSocket: sockets.resolvers.push_back(std::move(fd)); break;
      case Handed::kControlSocket: sockets.control = std::move(fd); break;
      case Handed::kHandOverSocket: sockets.hand_over = std::move(fd); break;
    }
  }
  if (sockets.listeners.empty() || sockets.resolvers.empty() || !sockets.control ||
      !sockets.hand_over)
    return Error{"the running daemon did not hand over all of its sockets"};
  // Again, so that who connects there is told of this process and not of the one that ends.
  for (const UniqueFd* socket : {&sockets.control, &sockets.hand_over})
    if (::listen(socket->get(), kBacklog) != 0)
      return Error::sys(errno, "listen on a socket that was handed over");
  return sockets;
}

}  // namespace

Result<Sockets> duplicate(const Sockets& sockets) {
  Sockets copies;
  for (const UniqueFd& listener : sockets.listeners) {
    SLUICE_TRY(UniqueFd copy, copy_of(listener));
    copies.listeners.push_back(std::move(copy));
  }
  for (const UniqueFd& resolver : sockets.resolvers) {
    SLUICE_TRY(UniqueFd copy, copy_of(resolver));
    copies.resolvers.push_back(std::move(copy));
  }
  SLUICE_TRY(copies.control, copy_of(sockets.control));
  SLUICE_TRY(copies.hand_over, copy_of(sockets.hand_over));
  return copies;
}

Result<UniqueFd> HandOver::check(const UniqueFd& newcomer, const Check& may) const {
  TakeOver request;
  // Read first: a close() with unread bytes would be a reset, and the refusal not be told.
  SLUICE_TRY(Datagram datagram, receive(newcomer.get(), &request, sizeof request));
  SLUICE_TRY(const ucred peer, peer_of(newcomer.get()));
  SLUICE_TRY_VOID(may(peer.pid));
  if (!datagram.whole || datagram.size != sizeof request || request.head.magic != kMagic ||
      request.head.type != RequestType::kTakeOver || !datagram.fd)
    return Error{"it is of another version; stop this daemon and start that one"};
  if (request.layout != layout_)
    return Error{"its programs have map layout " + std::to_string(request.layout) +
                 " where this daemon has " + std::to_string(layout_) +
                 ": stop this daemon, run sluiced --remove-pins, and start that one"};
  SLUICE_TRY_VOID(same(request.state_dir, installation_.state_dir, "state_dir"));
  SLUICE_TRY_VOID(same(request.pin_dir, installation_.pin_dir, "pin_dir"));
  SLUICE_TRY_VOID(same(request.cgroup_root, installation_.cgroup_root, "cgroup_root"));
  return std::move(datagram.fd);
}

Result<void> HandOver::send_sockets(int newcomer) const {
  HandedSocket message;
  message.left =
      static_cast<std::uint32_t>(sockets_.listeners.size() + sockets_.resolvers.size()) + 2;
  const auto hand = [&](Handed kind, const UniqueFd& socket) {
    message.kind = kind;
    message.left -= 1;
    return send(newcomer, &message, sizeof message, socket.get(), Waiting::kYes);
  };
  for (const UniqueFd& listener : sockets_.listeners)
    SLUICE_TRY_VOID(hand(Handed::kListener, listener));
  for (const UniqueFd& resolver : sockets_.resolvers)
    SLUICE_TRY_VOID(hand(Handed::kResolverSocket, resolver));
  SLUICE_TRY_VOID(hand(Handed::kControlSocket, sockets_.control));
  return hand(Handed::kHandOverSocket, sockets_.hand_over);
}

Result<void> HandOver::answer(const Check& may) {
  const UniqueFd newcomer{::accept4(socket(), nullptr, nullptr, SOCK_CLOEXEC)};
  if (!newcomer) return Error::sys(errno, "accept on the hand-over socket");
  be_patient(newcomer.get(), kKeeperPatience);
  auto channel = check(newcomer, may);
  if (!channel) {
    refuse(newcomer.get(), channel.error());
    return channel.error();
  }
  SLUICE_TRY_VOID(send_sockets(newcomer.get()));
  successor_ = *std::move(channel);
  answered_ = true;
  return {};
}

bool HandOver::finish() {
  if (!answered_) return false;
  sockets_ = Sockets{};
  finished_ = true;
  return true;
}

Result<std::optional<TakenOver>> take_over(const std::string& socket_path,
                                           const Installation& installation, std::uint32_t layout) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_path.size() >= sizeof address.sun_path)
    return Error{"the hand-over socket's path '" + socket_path + "' is too long: shorten run_dir"};
  std::memcpy(address.sun_path, socket_path.data(), socket_path.size());
  const UniqueFd asking{::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)};
  if (!asking) return Error::sys(errno, "make a socket");
  be_patient(asking.get(), kNewcomerPatience);
  if (::connect(asking.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    if (errno == ENOENT || errno == ECONNREFUSED) return std::optional<TakenOver>{};
    return Error::sys(errno, "connect to '" + socket_path + "'");
  }
  // The directory is the worker's: whoever took the worker over could listen there.
  if (const auto peer = peer_of(asking.get()); !peer)
    return peer.error().within("take over from who listens on '" + socket_path + "'");

  int ends[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
    return Error::sys(errno, "make the channel of the two workers");
  UniqueFd ours{ends[0]};
  const UniqueFd theirs{ends[1]};
  TakeOver request;
  request.layout = layout;
  SLUICE_TRY_VOID(put(request.state_dir, installation.state_dir));
  SLUICE_TRY_VOID(put(request.pin_dir, installation.pin_dir));
  SLUICE_TRY_VOID(put(request.cgroup_root, installation.cgroup_root));
  SLUICE_TRY_VOID(send(asking.get(), &request, sizeof request, theirs.get(), Waiting::kYes));
  TakenOver taken;
  SLUICE_TRY(taken.sockets, receive_sockets(asking.get()));
  taken.channel = std::move(ours);
  return std::optional{std::move(taken)};
}

}  // namespace sluice::keeper
