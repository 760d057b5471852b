// SPDX-License-Identifier: Apache-2.0
#include "daemon/succession.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <type_traits>

#include "keeper/wire.h"

namespace sluice::daemon {
namespace {

constexpr std::uint32_t kMagic = 0x534c5331;  // "SLS1"
constexpr std::size_t kRunBytesMax = 64;
constexpr std::size_t kReasonBytesMax = 512;
constexpr std::size_t kKeyBytesMax = 256;  // of a PostgreSQL cancel key
// The old daemon withdraws what is held and ends its calls on the control socket first.
constexpr int kYieldTimeoutMs = 30'000;
constexpr int kDrainTimeoutMs = 10'000;

enum Word : std::uint32_t {
  kYield = 1,
  kYielded,
  kDrain,
  kDraining,
  kEndRun,
  kCancel,
  kReload,
  kReport,
  kSocket,
};

struct Head {
  std::uint32_t magic = kMagic;
  std::uint32_t word = 0;
};
struct Plain {
  Head head;
};
struct Counted {
  Head head;
  CountedSoFar counted;
};
struct Socket {
  Head head;
  std::uint64_t inode = 0;
  std::uint64_t listener = 0;  // 1; 0: of a resolver
};
struct Drain {
  Head head;
  std::uint64_t timeout_s = 0;
};
struct EndRun {
  Head head;
  char run[kRunBytesMax] = {};
  char reason[kReasonBytesMax] = {};
};
struct Cancel {
  Head head;
  char owner[kRunBytesMax] = {};
  std::uint64_t key_bytes = 0;
  std::uint8_t key[kKeyBytesMax] = {};
};
template <class... Messages>
constexpr bool kAllFixed = (... && std::is_trivially_copyable_v<Messages>);
static_assert(kAllFixed<Plain, Counted, Socket, Drain, EndRun, Cancel>);
constexpr std::size_t kMessageBytesMax = std::max({sizeof(Plain), sizeof(Counted), sizeof(Socket),
                                                   sizeof(Drain), sizeof(EndRun), sizeof(Cancel)});
// Far more than a daemon opens in other network namespaces.
constexpr std::size_t kSocketsMax = 16384;
constexpr timeval kSocketPatience{5, 0};

struct Received {
  std::uint32_t word = 0;  // 0: nothing that means something
  std::size_t size = 0;
  UniqueFd fd;  // with a socket only
  alignas(8) std::uint8_t bytes[kMessageBytesMax + 1];

  template <class Message>
  bool read(Message& into) const {
    if (size != sizeof into) return false;
    std::memcpy(&into, bytes, sizeof into);
    return true;
  }
};

bool receive(int channel, Received& into) {
  auto datagram = keeper::receive(channel, into.bytes, sizeof into.bytes);
  if (!datagram || datagram->size < sizeof(Head) || !datagram->whole) return false;
  Head head;
  std::memcpy(&head, into.bytes, sizeof head);
  into.size = datagram->size;
  into.word = head.magic == kMagic ? head.word : 0;
  into.fd = std::move(datagram->fd);
  return into.word != 0 && static_cast<bool>(into.fd) == (into.word == kSocket);
}

std::string text_of(const char* text, std::size_t capacity) {
  return std::string{keeper::get_text(text, capacity).value_or("")};
}

}  // namespace

// --- the new daemon's end

void Predecessor::ended() {
  const std::lock_guard lock{mutex_};
  channel_.reset();
  counted_.flows_open = 0;
}

bool Predecessor::receive_one(std::uint32_t& word) {
  Received received;
  if (!receive(channel_.get(), received)) return false;
  word = received.word;
  if (word == kSocket) {
    Socket message;
    if (!received.read(message) || sockets_.size() == kSocketsMax) return false;
    sockets_.push_back({message.inode, message.listener == 1, std::move(received.fd)});
    return true;
  }
  if (word != kYielded && word != kReport && word != kDraining) return false;
  Counted message;
  if (!received.read(message)) return false;
  const std::lock_guard lock{mutex_};
  counted_ = message.counted;
  return true;
}

template <class Question>
Result<void> Predecessor::ask(const Question& question, std::uint32_t answer, int timeout_ms) {
  if (!lives()) return {};
  if (!keeper::send(channel_.get(), &question, sizeof question, -1, keeper::Waiting::kYes)) {
    ended();
    return {};
  }
  for (std::uint32_t word = 0; word != answer;) {
    pollfd wait{channel_.get(), POLLIN, 0};
    const int ready = ::poll(&wait, 1, timeout_ms);
    if (ready < 0 && errno == EINTR) continue;
    if (ready == 0)
      return Error{
          "the running daemon does not answer; stop it (SIGKILL, if it hangs) and start "
          "this one without --replace"};
    if (!receive_one(word)) {
      ended();
      return {};
    }
  }
  return {};
}

Result<void> Predecessor::yield() {
  return ask(Plain{{.word = kYield}}, kYielded, kYieldTimeoutMs);
}

Result<void> Predecessor::drain(std::chrono::seconds timeout) {
  return ask(Drain{{.word = kDrain}, static_cast<std::uint64_t>(timeout.count())}, kDraining,
             kDrainTimeoutMs);
}

template <class Message>
void Predecessor::tell(const Message& message) {
  const std::lock_guard lock{mutex_};
  if (channel_)
    static_cast<void>(
        keeper::send(channel_.get(), &message, sizeof message, -1, keeper::Waiting::kNo));
}

void Predecessor::end_run(const RunId& run, const std::string& reason) {
  EndRun message{.head = {.word = kEndRun}};
  if (keeper::put_text(message.run, kRunBytesMax, run) &&
      keeper::put_text(message.reason, kReasonBytesMax, reason.substr(0, kReasonBytesMax - 1)))
    tell(message);
}

void Predecessor::cancel(ByteView key, const std::string& owner) {
  Cancel message{.head = {.word = kCancel}};
  if (key.size() > kKeyBytesMax || !keeper::put_text(message.owner, kRunBytesMax, owner)) return;
  std::copy(key.begin(), key.end(), message.key);
  message.key_bytes = key.size();
  tell(message);
}

void Predecessor::reload() { tell(Plain{{.word = kReload}}); }

bool Predecessor::handle() {
  std::uint32_t word = 0;
  if (receive_one(word)) return true;
  ended();
  return false;
}

CountedSoFar Predecessor::counted() const {
  const std::lock_guard lock{mutex_};
  return counted_;
}

// --- the old daemon's end

template <class Message>
bool Successor::say(Message message) {
  return keeper::send(channel_.get(), &message, sizeof message, -1, keeper::Waiting::kNo).ok();
}

// Waits for the new daemon to read: it does nothing else until it is told that this one yielded.
bool Successor::give(const SocketElsewhere& socket) {
  const Socket message{{.word = kSocket}, socket.inode, socket.listener ? 1u : 0u};
  return keeper::send(channel_.get(), &message, sizeof message, socket.fd.get(),
                      keeper::Waiting::kYes)
      .ok();
}

void Successor::report() { static_cast<void>(say(Counted{{.word = kReport}, orders_.count()})); }

bool Successor::handle() {
  Received received;
  if (!receive(channel_.get(), received)) return false;
  switch (received.word) {
    case kYield: {
      orders_.yield();
      ::setsockopt(channel_.get(), SOL_SOCKET, SO_SNDTIMEO, &kSocketPatience,
                   sizeof kSocketPatience);
      for (const SocketElsewhere& socket : orders_.sockets())
        if (!give(socket)) return false;
      return say(Counted{{.word = kYielded}, orders_.count()});
    }
    case kDrain: {
      Drain message;
      if (!received.read(message)) return false;
      constexpr std::uint64_t kDay = 86'400;
      orders_.drain(std::chrono::seconds{std::min(message.timeout_s, kDay)});
      return say(Counted{{.word = kDraining}, orders_.count()});
    }
    case kEndRun: {
      EndRun message;
      if (!received.read(message)) return false;
      orders_.end_run(text_of(message.run, kRunBytesMax), text_of(message.reason, kReasonBytesMax));
      return true;
    }
    case kCancel: {
      Cancel message;
      if (!received.read(message) || message.key_bytes > kKeyBytesMax) return false;
      orders_.cancel(ByteView{message.key, static_cast<std::size_t>(message.key_bytes)},
                     text_of(message.owner, kRunBytesMax));
      return true;
    }
    case kReload: orders_.reload(); return true;
    default: return false;
  }
}

}  // namespace sluice::daemon
