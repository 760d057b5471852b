// SPDX-License-Identifier: Apache-2.0
// How a new daemon takes over from a living one, as their two workers say it to each other over the
// channel that their keepers made (keeper/hand_over.h). Fixed messages, one datagram each.
//
//   new -> old  yield     stop what can have one owner only: store, chain of recordings, kernel's
//                         events, control socket, enrolment. Flows go on, and both accept new ones.
//   old -> new  socket    one for each that the old one has in other network namespaces
//   old -> new  yielded   what it counted so far. Should the new one die now, the old one resumes.
//   new -> old  drain     the new one serves: accept no more, and end when the last flow has ended.
//   old -> new  draining
//   new -> old  end run, cancel, reload      what reaches flows that the old one still has
//   old -> new  report    what it counted, now and then, until its end, which is the channel's
#pragma once

#include <sluice/bytes.h>
#include <sluice/identity.h>
#include <sluice/result.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "base/unique_fd.h"

namespace sluice::daemon {

// What a daemon and those before it counted, so that counters go on.
struct CountedSoFar {
  std::uint64_t statements = 0;
  std::uint64_t statements_held = 0;
  std::uint64_t statements_refused = 0;
  std::uint64_t flows_accepted = 0;
  std::uint64_t flows_refused = 0;
  std::uint64_t flows_over_limit = 0;
  std::uint64_t recorder_failures = 0;
  std::uint64_t flows_open = 0;  // now
};

// A socket in another network namespace than the daemon's: a TCP listener, or one for DNS.
struct SocketElsewhere {
  std::uint64_t inode = 0;  // of the namespace
  bool listener = false;
  UniqueFd fd;
};

// The end of the new daemon.
class Predecessor {
 public:
  explicit Predecessor(UniqueFd channel) : channel_(std::move(channel)) {}

  // Both wait for the answer. That it has ended meanwhile is no error: then nothing is in the way.
  Result<void> yield();
  Result<void> drain(std::chrono::seconds timeout);
  // What came before it said that it had yielded.
  std::vector<SocketElsewhere> take_sockets() { return std::move(sockets_); }

  // For its flows; any thread; nothing where it has ended.
  void end_run(const RunId& run, const std::string& reason);
  void cancel(ByteView key, const std::string& owner);
  void reload();

  int poll_fd() const { return channel_.get(); }  // -1: it has ended
  bool lives() const { return static_cast<bool>(channel_); }
  // The thread that polls. False: it has just ended.
  bool handle();
  CountedSoFar counted() const;  // any thread; its last word

 private:
  template <class Message>
  void tell(const Message& message);
  template <class Question>
  Result<void> ask(const Question& question, std::uint32_t answer, int timeout_ms);
  bool receive_one(std::uint32_t& word);
  void ended();

  mutable std::mutex mutex_;  // guards the descriptor's end and counted_
  UniqueFd channel_;
  CountedSoFar counted_;
  std::vector<SocketElsewhere> sockets_;
};

// The end of the old daemon. One thread.
class Successor {
 public:
  struct Orders {
    std::function<void()> yield;
    std::function<std::vector<SocketElsewhere>()> sockets;  // duplicates, once it has yielded
    std::function<void(std::chrono::seconds timeout)> drain;
    std::function<void(const RunId&, const std::string& reason)> end_run;
    std::function<void(ByteView key, const std::string& owner)> cancel;
    std::function<void()> reload;
    std::function<CountedSoFar()> count;
  };
  Successor(UniqueFd channel, Orders orders)
      : channel_(std::move(channel)), orders_(std::move(orders)) {}

  int poll_fd() const { return channel_.get(); }
  // Carries one message out. False: the other side is gone, or says what means nothing.
  bool handle();
  void report();

 private:
  template <class Message>
  bool say(Message message);
  bool give(const SocketElsewhere& socket);

  UniqueFd channel_;
  Orders orders_;
};

}  // namespace sluice::daemon
