// SPDX-License-Identifier: Apache-2.0
// The daemon's own connections between two uses, for a moment: logging in takes longer than most of
// what is asked. A server waits five seconds for a connection to go away before it refuses to drop
// or copy the database (CountOtherDBBackends), so none stays nearly as long.
#pragma once

#include "net/postgres_client.h"
#include "net/upstream.h"

#include <sluice/clock.h>
#include <sluice/resource.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace sluice::net {

class IdleClients {
 public:
  // Whose login, where, and in which database.
  struct Place {
    std::shared_ptr<const Resource> resource;  // the same object, so of the same policy
    UpstreamTarget target;
    std::string database;
    bool operator==(const Place&) const = default;
  };

  // Then there is a new login: what was changed of it is noticed, and the server's memory is freed.
  static constexpr std::size_t kUsesMax = 100;

  // `patience`: zero keeps none. The clock must outlive this.
  IdleClients(const Clock& clock, std::chrono::milliseconds patience)
      : clock_(clock), patience_(patience) {}
  ~IdleClients();

  // One that nobody has used since. Null: log in.
  std::unique_ptr<PostgresClient> take(const Place& place);
  void keep(const Place& place, std::unique_ptr<PostgresClient> client);
  void close_all();

 private:
  struct Idle {
    Place place;
    std::unique_ptr<PostgresClient> client;
    SteadyTime until;
  };
  void close_in_time();

  const Clock& clock_;
  const std::chrono::milliseconds patience_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Idle> idle_;
  bool stopped_ = false;
  std::thread closer_;  // runs from the first one on
};

}  // namespace sluice::net
