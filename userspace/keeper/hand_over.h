// SPDX-License-Identifier: Apache-2.0
// An upgrade without a window: a new sluiced, started as root beside a living one, gets its sockets
// from the living one's keeper, and a channel between the two workers. Fixed messages over a
// SOCK_SEQPACKET socket in run_dir that only root may open; both ends ask the kernel who the other
// is. What the workers say to each other is in daemon/succession.h.
#pragma once

#include <sluice/result.h>

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "keeper/protocol.h"

namespace sluice::keeper {

// The two must be of one installation: else the new one would adopt the runs of another.
struct Installation {
  std::string state_dir;
  std::string pin_dir;
  std::string cgroup_root;
};

// The new daemon asks. One descriptor comes along: its predecessor's end of the channel.
struct TakeOver {
  static constexpr RequestType kType = RequestType::kTakeOver;
  Head head{.type = kType};
  std::uint32_t layout = 0;  // SLUICE_LAYOUT: programs of another one cannot share the maps
  Path state_dir;
  Path pin_dir;
  Path cgroup_root;
};

enum class Handed : std::uint32_t {
  kListener = 1,
  kControlSocket,
  kHandOverSocket,
  kResolverSocket
};

// One for each socket, with its descriptor; a single one without where it is refused.
struct HandedSocket {
  ReplyHead head;
  Handed kind{};
  std::uint32_t left = 0;  // messages that follow
};

static_assert(Message<TakeOver> && Message<HandedSocket>);

struct Sockets {
  std::vector<UniqueFd> listeners;
  std::vector<UniqueFd> resolvers;  // in the order in which they were bound
  UniqueFd control;
  UniqueFd hand_over;
};
Result<Sockets> duplicate(const Sockets& sockets);

// Of the living daemon's keeper.
class HandOver {
 public:
  HandOver(Installation installation, std::uint32_t layout, Sockets sockets)
      : installation_(std::move(installation)), layout_(layout), sockets_(std::move(sockets)) {}

  int socket() const { return sockets_.hand_over.get(); }  // readable: somebody asks

  // Says of a process whether it may take over.
  using Check = std::function<Result<void>(pid_t peer)>;
  // Answers one newcomer, for a second at most. An Error: it was refused, and told why.
  Result<void> answer(const Check& may);

  // The channel of the newcomer, once; none where nobody asked.
  UniqueFd take_successor() { return std::move(successor_); }

  // The newcomer serves: the sockets are its alone. False where none was answered.
  bool finish();
  bool finished() const { return finished_; }

 private:
  Result<UniqueFd> check(const UniqueFd& newcomer, const Check& may) const;
  Result<void> send_sockets(int newcomer) const;

  Installation installation_;
  std::uint32_t layout_;
  Sockets sockets_;
  UniqueFd successor_;
  bool answered_ = false;
  bool finished_ = false;
};

// Of the new daemon, as root.
struct TakenOver {
  Sockets sockets;
  UniqueFd channel;  // to the predecessor's worker
};
// Nothing where no daemon lives there.
Result<std::optional<TakenOver>> take_over(const std::string& socket_path,
                                           const Installation& installation, std::uint32_t layout);

}  // namespace sluice::keeper
