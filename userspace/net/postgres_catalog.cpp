// SPDX-License-Identifier: Apache-2.0
#include "net/postgres_catalog.h"

#include "net/catalog_fingerprint.h"
#include "net/idle_clients.h"
#include "net/postgres_client.h"
#include "net/task_threads.h"

#include "sql/catalog_builder.h"
#include "sql/catalog_queries.h"

#include <atomic>
#include <exception>
#include <map>
#include <mutex>
#include <tuple>
#include <vector>

namespace sluice::net {

namespace {

using Catalog = std::shared_ptr<const sql::Catalog>;

struct Reading {
  Catalog catalog;
  CatalogFingerprint fingerprint;
};

// Readings that may wait for a thread. One per (resource, upstream, database) at most, so this is
// reached only by agents that name very many databases.
constexpr std::size_t kWaitingMax = 256;
// Askers that may wait for one reading.
constexpr std::size_t kAskersMax = 20'000;

}  // namespace

struct PostgresCatalogService::Impl {
  using Key = std::tuple<std::string, UpstreamTarget, std::string>;
  struct Entry {
    std::shared_ptr<const Resource> resource;  // whose rules the catalogue was built with
    Reading last;
    SteadyTime read_at{};          // when that reading began
    std::uint64_t generation = 0;  // of the news, at that moment
    bool reading = false;
    bool begun = false;  // before that, the reading is as good as one that is asked for later
    std::uint64_t reading_generation = 0;
    CatalogRequest request;        // of the reading
    std::vector<Callback> askers;  // of the reading
    std::vector<Callback> after;   // who must not be given what is being read now
    CatalogRequest after_request;
  };

  Options options;
  const Clock& clock;
  std::shared_ptr<CatalogNews> news;
  PostgresLogin login;
  IdleClients idle;
  std::atomic<std::uint64_t> version{0};
  std::mutex mutex;
  std::map<Key, Entry> entries;
  TaskThreads threads;

  Impl(Options given, const Clock& time, std::shared_ptr<CatalogNews> news_of_all,
       PostgresLogin::ReadSecret read)
      : options(given),
        clock(time),
        news(std::move(news_of_all)),
        login(time, std::move(read)),
        idle(time, given.idle),
        threads(std::max<std::size_t>(options.threads, 1), kWaitingMax) {}

  std::chrono::milliseconds lifetime_of(const sql::Catalog& catalog) const {
    return catalog.whole() ? options.lifetime : options.partial_lifetime;
  }
  bool start_reading(const Key& key);
  void finish_reading(const Key& key, SteadyTime began, Result<Reading> outcome);
  Result<Reading> read(const CatalogRequest& request, const Reading& last);
  Result<Reading> read_or_fail(const CatalogRequest& request, const Reading& last);
  Result<Reading> read_by(PostgresClient& client, const CatalogRequest& request, Reading last);
  void make_room();
};

namespace {

// Each try that meets a lock has waited for it; the client's deadline ends them all. True: the
// catalogue of `fingerprint` is still that of the database, and the builder is empty.
Result<bool> read_all(PostgresClient& client, CatalogFingerprint& fingerprint,
                      sql::CatalogBuilder& builder) {
  const auto no_row = [](PostgresClient::Row) -> Result<void> { return {}; };
  for (;;) {
    builder = sql::CatalogBuilder{};
    SLUICE_TRY_VOID(client.query(sql::kCatalogBegin, no_row));
    SLUICE_TRY(const bool unchanged, still_holds(client, fingerprint));
    Result<void> done;
    for (const sql::CatalogQuery& query : sql::catalog_queries()) {
      if (unchanged) break;
      done = client.query(
          query.text, [&](PostgresClient::Row row) { return builder.add_row(query.table, row); });
      if (!done) break;
    }
    if (!done && client.sqlstate() != sql::kCatalogLocked) return done.error();
    SLUICE_TRY_VOID(client.query(sql::kCatalogEnd, no_row));
    if (done) return unchanged;
    fingerprint = {};  // of nothing that was read to its end
  }
}

void answer_all(const std::vector<PostgresCatalogService::Callback>& askers,
                const Result<Reading>& outcome) {
  for (const auto& asker : askers)
    if (outcome)
      asker(outcome->catalog, "");
    else
      asker(nullptr, outcome.error().text());
}

}  // namespace

// `last` is what was read before by the same rules, or empty.
Result<Reading> PostgresCatalogService::Impl::read_by(PostgresClient& client,
                                                      const CatalogRequest& request, Reading last) {
  sql::CatalogBuilder builder;
  SLUICE_TRY(const bool unchanged, read_all(client, last.fingerprint, builder));
  if (unchanged) return last;
  SLUICE_TRY(last.catalog,
             std::move(builder).build(request.resource->sensitive, version.fetch_add(1) + 1));
  return last;
}

Result<Reading> PostgresCatalogService::Impl::read(const CatalogRequest& request,
                                                   const Reading& last) {
  const IdleClients::Place place{request.resource, request.upstream.target, request.database};
  const SteadyTime deadline = clock.steady() + options.timeout;
  if (auto client = idle.take(place)) {
    client->begin_again(deadline);
    auto outcome = read_by(*client, request, last);
    if (outcome) {
      idle.keep(place, std::move(client));
      return outcome;
    }
    // The server may have closed it meanwhile.
  }
  SLUICE_TRY(auto client, login.open({*request.resource, request.upstream, request.database,
                                      deadline, options.answer_bytes_max}));
  SLUICE_TRY(auto outcome, read_by(*client, request, last));
  idle.keep(place, std::move(client));
  return outcome;
}

// What is thrown on the way (memory that is not there) is an answer, for somebody waits for one.
Result<Reading> PostgresCatalogService::Impl::read_or_fail(const CatalogRequest& request,
                                                           const Reading& last) {
  try {
    return read(request, last);
  } catch (const std::exception& error) {
    return Error{error.what()};
  }
}

// With the mutex held. False: nobody will read.
bool PostgresCatalogService::Impl::start_reading(const Key& key) {
  Entry& entry = entries[key];
  entry.reading = true;
  entry.begun = false;
  return threads.run([this, key, request = entry.request] {
    const SteadyTime began = clock.steady();
    Reading last;
    {
      const std::lock_guard lock{mutex};
      Entry& begins = entries[key];
      // What was locked may be free now, which changes no row.
      if (begins.last.catalog && begins.last.catalog->whole() &&
          begins.resource == request.resource)
        last = begins.last;
      begins.begun = true;
      begins.reading_generation = news->of(request.database).now().generation;
    }
    auto outcome = read_or_fail(request, last);
    if (!outcome)
      outcome = outcome.error().within("read the catalogue of '" + request.database + "'");
    finish_reading(key, began, std::move(outcome));
  });
}

void PostgresCatalogService::Impl::finish_reading(const Key& key, SteadyTime began,
                                                  Result<Reading> outcome) {
  std::vector<Callback> askers, refused;
  {
    const std::lock_guard lock{mutex};
    Entry& entry = entries[key];
    entry.reading = false;
    askers.swap(entry.askers);
    if (outcome) {
      entry.last = *outcome;
      entry.read_at = began;
      entry.generation = entry.reading_generation;
      entry.resource = entry.request.resource;
    }
    if (!entry.after.empty()) {
      entry.askers.swap(entry.after);
      entry.request = entry.after_request;
      if (!start_reading(key)) {
        entry.reading = false;
        refused.swap(entry.askers);
      }
    }
    make_room();
  }
  answer_all(askers, outcome);
  answer_all(refused, Error{"the daemon is stopping or too busy to read the catalogue"});
}

// With the mutex held: forgets the oldest snapshots above the limit.
void PostgresCatalogService::Impl::make_room() {
  while (entries.size() > options.cached_max) {
    auto oldest = entries.end();
    for (auto each = entries.begin(); each != entries.end(); ++each)
      if (!each->second.reading &&
          (oldest == entries.end() || each->second.read_at < oldest->second.read_at))
        oldest = each;
    if (oldest == entries.end()) return;
    entries.erase(oldest);
  }
}

PostgresCatalogService::PostgresCatalogService(Options options, const Clock& clock,
                                               std::shared_ptr<CatalogNews> news,
                                               PostgresLogin::ReadSecret read_secret)
    : impl_(std::make_shared<Impl>(options, clock, std::move(news), std::move(read_secret))) {}

PostgresCatalogService::~PostgresCatalogService() {
  impl_->login.stop();
  impl_->threads.stop();
  impl_->idle.close_all();
  std::vector<Callback> left;
  {
    const std::lock_guard lock{impl_->mutex};
    for (auto& [key, entry] : impl_->entries)
      for (auto* askers : {&entry.askers, &entry.after})
        for (Callback& asker : *askers) left.push_back(std::move(asker));
    impl_->entries.clear();
  }
  answer_all(left, Error{"the daemon is stopping"});
}

void PostgresCatalogService::get(const CatalogRequest& request, Callback callback) {
  Catalog known;
  std::string refusal;
  {
    const std::lock_guard lock{impl_->mutex};
    const Impl::Key key{request.resource->name, request.upstream.target, request.database};
    Impl::Entry& entry = impl_->entries[key];
    const Catalog& last = entry.last.catalog;
    const bool usable = last && entry.resource == request.resource && !request.fresh &&
                        entry.generation >= request.generation &&
                        impl_->clock.steady() - entry.read_at < impl_->lifetime_of(*last);
    const bool new_enough =
        !entry.begun || (!request.fresh && entry.reading_generation >= request.generation);
    const bool joins = entry.reading && new_enough && entry.request.resource == request.resource;
    if (usable) {
      known = last;
    } else if (entry.askers.size() + entry.after.size() >= kAskersMax) {
      refusal = "too many sessions wait for the catalogue";
    } else if (joins) {
      entry.askers.push_back(std::move(callback));
      return;
    } else if (entry.reading) {
      entry.after.push_back(std::move(callback));
      entry.after_request = request;
      return;
    } else {
      entry.request = request;
      entry.askers.push_back(callback);
      if (impl_->start_reading(key)) return;
      impl_->entries.erase(key);
      refusal = "the daemon is stopping or too busy to read the catalogue";
    }
  }
  callback(std::move(known), refusal);
}

void PostgresCatalogService::forget_all() {
  impl_->idle.close_all();
  const std::lock_guard lock{impl_->mutex};
  for (auto& [key, entry] : impl_->entries) entry.last = {};
}

}  // namespace sluice::net
