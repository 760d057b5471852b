// SPDX-License-Identifier: Apache-2.0
#include "net/idle_clients.h"

#include <algorithm>
#include <utility>

namespace sluice::net {

IdleClients::~IdleClients() {
  {
    const std::lock_guard lock{mutex_};
    stopped_ = true;
    changed_.notify_all();
  }
  if (closer_.joinable()) closer_.join();
  close_all();
}

std::unique_ptr<PostgresClient> IdleClients::take(const Place& place) {
  const std::lock_guard lock{mutex_};
  const auto found = std::find_if(idle_.begin(), idle_.end(),
                                  [&](const Idle& each) { return each.place == place; });
  if (found == idle_.end()) return nullptr;
  auto client = std::move(found->client);
  idle_.erase(found);
  return client;
}

void IdleClients::keep(const Place& place, std::unique_ptr<PostgresClient> client) {
  if (patience_ == std::chrono::milliseconds{0} || client->uses() >= kUsesMax)
    return client->say_goodbye();
  const std::lock_guard lock{mutex_};
  idle_.push_back({place, std::move(client), clock_.steady() + patience_});
  if (!closer_.joinable() && !stopped_) closer_ = std::thread{[this] { close_in_time(); }};
  changed_.notify_all();
}

void IdleClients::close_all() {
  std::vector<Idle> closed;
  {
    const std::lock_guard lock{mutex_};
    closed.swap(idle_);
  }
  for (const Idle& each : closed) each.client->say_goodbye();
}

void IdleClients::close_in_time() {
  std::unique_lock lock{mutex_};
  while (!stopped_) {
    if (idle_.empty()) {
      changed_.wait(lock);
      continue;
    }
    changed_.wait_for(lock, patience_ / 4);
    const SteadyTime now = clock_.steady();
    const auto late = std::partition(idle_.begin(), idle_.end(),
                                     [&](const Idle& each) { return each.until > now; });
    std::vector<Idle> closed{std::make_move_iterator(late), std::make_move_iterator(idle_.end())};
    idle_.erase(late, idle_.end());
    lock.unlock();
    for (const Idle& each : closed) each.client->say_goodbye();
    closed.clear();
    lock.lock();
  }
}

}  // namespace sluice::net
