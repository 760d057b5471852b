// SPDX-License-Identifier: Apache-2.0
// Reads the catalogue of a PostgreSQL upstream over the daemon's own connection, with the
// resource's login and TLS rules, and keeps it for a short time.
#pragma once

#include "net/catalog_source.h"
#include "net/postgres_login.h"

#include <sluice/catalog_news.h>
#include <sluice/clock.h>
#include <sluice/result.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace sluice::net {

class PostgresCatalogService final : public CatalogSource {
 public:
  struct Options {
    std::chrono::milliseconds lifetime{30'000};         // of a cached catalogue
    std::chrono::milliseconds partial_lifetime{1'000};  // of one that lacks what was locked
    std::chrono::milliseconds timeout{10'000};          // for the whole of one reading
    std::chrono::milliseconds idle{1'000};              // how long a connection waits for another
    std::size_t threads = 2;
    std::size_t cached_max = 64;               // (resource, upstream, database) triples
    std::size_t answer_bytes_max = 64u << 20;  // of one reading: a larger catalogue is refused
  };
  PostgresCatalogService(Options options, const Clock& clock, std::shared_ptr<CatalogNews> news,
                         PostgresLogin::ReadSecret read_secret);
  ~PostgresCatalogService() override;  // unanswered askers get "the daemon is stopping"

  void get(const CatalogRequest& request, Callback callback) override;
  void forget_all();  // after a policy reload

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace sluice::net
