// SPDX-License-Identifier: Apache-2.0
// One thread of the data plane: its loop, its flows, and the memory that they take turns with.
#pragma once

#include "net/event_loop.h"
#include "net/flow_leg.h"

#include <sluice/flow.h>

#include <sys/uio.h>

#include <array>
#include <memory>
#include <thread>
#include <unordered_map>
#include <vector>

namespace sluice::net {

class FlowDriver;

// Sends that were decided and not yet given to the kernel, so that one write takes them all. Views
// point into a leg's pending bytes or into `arena`.
struct StagedSends {
  static constexpr std::size_t kArenaBytes = 64U << 10;
  std::array<std::vector<iovec>, 2> parts;  // by side
  std::array<std::size_t, 2> bytes{};
  std::unique_ptr<std::uint8_t[]> arena =
      std::make_unique_for_overwrite<std::uint8_t[]>(kArenaBytes);
  std::size_t arena_used = 0;
  bool empty() const { return bytes[0] + bytes[1] == 0; }
  void clear();
  void add(Side side, ByteView bytes);  // the view must stay until clear()
};

class Worker {
 public:
  static Result<std::unique_ptr<Worker>> create(const Clock& clock);
  ~Worker();

  void start();  // the thread
  void stop();   // ends the loop and joins; flows that are left are destroyed by their owner

  EventLoop& loop() { return *loop_; }
  std::shared_ptr<EventLoop> shared_loop() { return loop_; }
  ReadScratch& scratch() { return scratch_; }
  StagedSends& staged() { return staged_; }
  FlowActions& actions() { return actions_; }

  // The worker's own thread.
  void own(std::shared_ptr<FlowDriver> flow);
  void disown(FlowDriver* flow);
  std::vector<std::shared_ptr<FlowDriver>> flows() const;

 private:
  explicit Worker(std::shared_ptr<EventLoop> loop) : loop_(std::move(loop)) {}

  std::shared_ptr<EventLoop> loop_;
  std::thread thread_;
  ReadScratch scratch_;
  StagedSends staged_;
  FlowActions actions_;
  std::unordered_map<FlowDriver*, std::shared_ptr<FlowDriver>> flows_;
};

}  // namespace sluice::net
