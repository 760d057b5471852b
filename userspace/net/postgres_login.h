// SPDX-License-Identifier: Apache-2.0
// Logs the daemon itself in at a PostgreSQL upstream, as the resource says.
#pragma once

#include "net/postgres_client.h"
#include "net/upstream_tls.h"

#include <sluice/clock.h>
#include <sluice/resource.h>
#include <sluice/result.h>
#include <sluice/secret.h>

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace sluice::net {

class PostgresLogin {
 public:
  // Gives the content of a password file (the keeper reads it); called on the thread of open().
  using ReadSecret = std::function<Result<Secret>(const std::string& path)>;
  struct Where {
    const Resource& resource;  // its login is used
    const UpstreamSettings& upstream;
    const std::string& database;
    SteadyTime deadline;  // for everything that is done with the connection
    std::size_t answer_bytes_max = 0;
  };
  // `clock` must outlive what is opened.
  PostgresLogin(const Clock& clock, ReadSecret read_secret)
      : clock_(clock), read_secret_(std::move(read_secret)) {}

  // Waits. An Error is fit for the agent.
  Result<std::unique_ptr<PostgresClient>> open(const Where& where);
  // What is open fails from now on.
  void stop() { stopping_.store(true); }

 private:
  const Clock& clock_;
  ReadSecret read_secret_;
  UpstreamTlsContexts tls_contexts_;
  std::atomic<bool> stopping_{false};
};

}  // namespace sluice::net
