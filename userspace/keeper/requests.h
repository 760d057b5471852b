// SPDX-License-Identifier: Apache-2.0
// One request in, one reply out. Believes nothing of what it is given.
#pragma once

#include <sluice/result.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "keeper/hand_over.h"
#include "keeper/keeper.h"
#include "keeper/protocol.h"
#include "keeper/runs.h"
#include "keeper/secret_file.h"
#include "keeper/wire.h"

namespace sluice::keeper {

class Requests {
 public:
  Requests(Runs runs, SecretFiles secrets, KeeperConfig config)
      : runs_(std::move(runs)), secrets_(std::move(secrets)), config_(std::move(config)) {}

  // What goes back to the worker. `refused` is "" or one printable line for the log.
  struct Outcome {
    UniqueFd fd;
    std::string refused;
  };
  // Answers the datagram in `request` and sends the reply over `socket`. An error: the reply could
  // not be sent, and the worker must be ended.
  Result<Outcome> answer(const Datagram& datagram, const void* request, int socket);

  Runs& runs() { return runs_; }
  void offer(std::unique_ptr<HandOver> hand_over) { hand_over_ = std::move(hand_over); }
  HandOver* hand_over() { return hand_over_.get(); }

 private:
  Result<void> handle(const MakeRunCgroup& request, int fd, CgroupReply& reply);
  Result<void> handle(const EnrolCgroup& request, int fd, CgroupReply& reply);
  Result<void> handle(const MoveProcess& request, int fd, PlainReply& reply);
  Result<void> handle(const RemoveRunCgroup& request, int fd, PlainReply& reply);
  Result<void> handle(const KillRun& request, int fd, PlainReply& reply);
  Result<void> handle(const ReadSecret& request, int fd, SecretReply& reply);
  Result<void> handle(const DestroySockets& request, int fd, CountReply& reply);
  Result<void> handle(const TakeCensus& request, int fd, CensusReply& reply);
  Result<void> handle(const OpenInNamespace& request, int fd, NamespaceSocketReply& reply,
                      UniqueFd& socket);
  Result<void> handle(const ListNamespaces& request, int fd, NamespacesReply& reply);
  Result<void> handle(const TakeSuccessor& request, int fd, UniqueFd& channel);
  Result<void> handle(const HandedOver& request, int fd, PlainReply& reply);

  template <class Request>
  Result<Outcome> answer_as(const Datagram& datagram, const void* bytes, int socket);

  Runs runs_;
  SecretFiles secrets_;
  KeeperConfig config_;
  std::unique_ptr<HandOver> hand_over_;  // null: this keeper hands nothing over
};

// The largest request and one byte more, so that a longer datagram is seen to be too long.
constexpr std::size_t kRequestBytesMax = sizeof(MakeRunCgroup) + 1;
static_assert(sizeof(MakeRunCgroup) >= sizeof(MoveProcess));
static_assert(sizeof(MakeRunCgroup) >= sizeof(ReadSecret));
static_assert(sizeof(MakeRunCgroup) >= sizeof(TakeCensus));
static_assert(sizeof(MakeRunCgroup) >= sizeof(OpenInNamespace));
static_assert(sizeof(MakeRunCgroup) >= sizeof(ListNamespaces));

}  // namespace sluice::keeper
