// SPDX-License-Identifier: Apache-2.0
#include "net/worker.h"

#include "net/flow_driver.h"

#include <csignal>

namespace sluice::net {

void StagedSends::clear() {
  for (auto& side : parts) side.clear();
  bytes = {};
  arena_used = 0;
}

void StagedSends::add(Side side, ByteView view) {
  auto& list = parts[static_cast<std::size_t>(side)];
  bytes[static_cast<std::size_t>(side)] += view.size();
  auto* start = const_cast<std::uint8_t*>(view.data());
  // Messages that are forwarded one after the other are one range again.
  if (!list.empty() &&
      static_cast<std::uint8_t*>(list.back().iov_base) + list.back().iov_len == start)
    list.back().iov_len += view.size();
  else
    list.push_back({start, view.size()});
}

Result<std::unique_ptr<Worker>> Worker::create(const Clock& clock) {
  SLUICE_TRY(auto loop, EventLoop::create(clock));
  return std::unique_ptr<Worker>{new Worker(std::move(loop))};
}

Worker::~Worker() { stop(); }

void Worker::start() {
  thread_ = std::thread([this] {
    // Signals are for the daemon's main thread.
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    loop_->run();
    flows_.clear();
  });
}

void Worker::stop() {
  if (!thread_.joinable()) return;
  loop_->stop();
  thread_.join();
}

void Worker::own(std::shared_ptr<FlowDriver> flow) {
  FlowDriver* key = flow.get();
  flows_.emplace(key, std::move(flow));
}

void Worker::disown(FlowDriver* flow) {
  const auto found = flows_.find(flow);
  if (found == flows_.end()) return;
  loop_->retire(std::move(found->second));
  flows_.erase(found);
}

std::vector<std::shared_ptr<FlowDriver>> Worker::flows() const {
  std::vector<std::shared_ptr<FlowDriver>> list;
  list.reserve(flows_.size());
  for (const auto& [key, flow] : flows_) list.push_back(flow);
  return list;
}

}  // namespace sluice::net
