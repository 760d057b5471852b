// SPDX-License-Identifier: Apache-2.0
// The catalogue service against a real PostgreSQL of its own on loopback.
#include "net/postgres_catalog.h"

#include "net/idle_clients.h"

#include "sql/catalog.h"
#include "sql/statement.h"
#include "support.h"

#include <sys/wait.h>

#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace sluice::net::test {
namespace {

const std::string kBin = "/usr/lib/postgresql/15/bin/";

// Runs as user postgres: the server refuses root.
int as_postgres(const std::string& command) {
  const std::string prefix = ::geteuid() == 0 ? "runuser -u postgres -- " : "";
  return std::system((prefix + command + " >/dev/null 2>&1 </dev/null").c_str());
}

class ThrowawayPostgres : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!std::filesystem::exists(kBin + "initdb")) return;
    directory_ = std::make_unique<TempDir>();
    std::filesystem::permissions(directory_->path(), std::filesystem::perms::all);
    std::ofstream{directory_->path("password")} << "correct horse";
    std::filesystem::permissions(directory_->path("password"), std::filesystem::perms::all);
    const std::string data = directory_->path("data");
    if (as_postgres(kBin + "initdb -D " + data + " -U owner -A scram-sha-256 --no-sync --pwfile " +
                    directory_->path("password")) != 0)
      return;
    {
      auto [listener, at] = listen_loopback();
      endpoint_ = at;
    }
    running_ =
        as_postgres(kBin + "pg_ctl -D " + data + " -w -l " + directory_->path("data/log") +
                    " -o '-h 127.0.0.1 -F -c max_prepared_transactions=2 -k " + directory_->path() +
                    " -p " + std::to_string(endpoint_.port) + "' start") == 0;
    if (running_)
      sql({"CREATE TABLE customers (id int, ssn text)",
           "CREATE VIEW numbers AS SELECT ssn AS number FROM customers",
           "CREATE VIEW plain AS SELECT 1 AS one", "CREATE TABLE inbox (id int)",
           "CREATE RULE clears AS ON INSERT TO inbox DO ALSO DELETE FROM customers"});
  }
  // As the owner, past the service.
  static void sql(const std::vector<std::string>& statements) {
    std::string command = "PGPASSWORD='correct horse' psql -q -h 127.0.0.1 -U owner -p " +
                          std::to_string(endpoint_.port) + " postgres";
    for (const std::string& statement : statements) command += " -c \"" + statement + "\"";
    EXPECT_EQ(std::system((command + " >/dev/null 2>&1").c_str()), 0) << command;
  }
  static void TearDownTestSuite() {
    if (running_)
      as_postgres(kBin + "pg_ctl -D " + directory_->path("data") + " -m immediate stop");
    running_ = false;
    directory_.reset();
  }
  void SetUp() override {
    ASSERT_TRUE(running_) << "no PostgreSQL 15 server could be started from " << kBin;
    resource->name = "orders";
    resource->login = Login{"owner", "/secrets/orders"};
    resource->sensitive.push_back({"public", "customers", "ssn", {}, MaskKind::kRedact});
  }

  struct Answer {
    std::shared_ptr<const sql::Catalog> catalog;
    std::string reason;
  };
  CatalogRequest request(bool fresh = false, const std::string& database = "postgres") const {
    CatalogRequest made;
    made.resource = resource;
    made.upstream.target.endpoint = endpoint_;
    made.upstream.tls = UpstreamTls::kDisable;
    made.database = database;
    made.fresh = fresh;
    return made;
  }
  Answer ask(PostgresCatalogService& service, const CatalogRequest& wanted) {
    struct Slot {
      std::mutex mutex;
      std::condition_variable changed;
      std::optional<Answer> answer;
    };
    auto slot = std::make_shared<Slot>();
    service.get(wanted,
                [slot](std::shared_ptr<const sql::Catalog> catalog, const std::string& reason) {
                  const std::lock_guard lock{slot->mutex};
                  slot->answer = Answer{std::move(catalog), reason};
                  slot->changed.notify_all();
                });
    std::unique_lock lock{slot->mutex};
    slot->changed.wait_for(lock, kPatience, [&] { return slot->answer.has_value(); });
    return slot->answer.value_or(Answer{nullptr, "never answered"});
  }
  // Each reading logs in, unless connections stay idle for a while.
  std::unique_ptr<PostgresCatalogService> service(
      const std::string& password, std::chrono::milliseconds idle = std::chrono::milliseconds{0}) {
    PostgresCatalogService::Options options;
    options.idle = idle;
    return std::make_unique<PostgresCatalogService>(
        options, clock, news, [password, this](const std::string& path) -> Result<Secret> {
          ++secrets_read;
          if (path != "/secrets/orders") return Error{"no such file"};
          return Secret{password};
        });
  }

  static std::unique_ptr<TempDir> directory_;
  static Endpoint endpoint_;
  static bool running_;
  std::shared_ptr<Resource> resource = std::make_shared<Resource>();
  SystemClock clock;
  std::shared_ptr<CatalogNews> news = std::make_shared<CatalogNews>();
  std::atomic<int> secrets_read{0};
};
std::unique_ptr<TempDir> ThrowawayPostgres::directory_;
Endpoint ThrowawayPostgres::endpoint_;
bool ThrowawayPostgres::running_ = false;

TEST_F(ThrowawayPostgres, CatalogueIsReadWithScramAndMarksWhatIsSensitive) {
  auto catalogs = service("correct horse");
  const Answer got = ask(*catalogs, request());
  ASSERT_NE(got.catalog, nullptr) << got.reason;
  const auto relations = got.catalog->relations_named("customers");
  ASSERT_EQ(relations.size(), 1U);
  EXPECT_TRUE(relations[0]->any_sensitive());
}

TEST_F(ThrowawayPostgres, CatalogueIsKeptUntilAFreshOneIsAskedFor) {
  auto catalogs = service("correct horse");
  const Answer first = ask(*catalogs, request());
  ASSERT_NE(first.catalog, nullptr) << first.reason;
  EXPECT_EQ(ask(*catalogs, request()).catalog, first.catalog);
  EXPECT_EQ(secrets_read.load(), 1);
  sql({"CREATE TABLE made (id int)"});
  const Answer fresh = ask(*catalogs, request(true));
  ASSERT_NE(fresh.catalog, nullptr) << fresh.reason;
  EXPECT_NE(fresh.catalog, first.catalog);
  EXPECT_GT(fresh.catalog->version(), first.catalog->version());
  catalogs->forget_all();
  EXPECT_NE(ask(*catalogs, request()).catalog, fresh.catalog);
}

// What was analysed by it need not be analysed again.
TEST_F(ThrowawayPostgres, CatalogueThatIsStillTheSameIsNotBuiltAnew) {
  auto catalogs = service("correct horse");
  const Answer first = ask(*catalogs, request());
  ASSERT_NE(first.catalog, nullptr) << first.reason;
  EXPECT_EQ(ask(*catalogs, request(true)).catalog, first.catalog);
  sql({"INSERT INTO customers VALUES (1, 'x')", "DELETE FROM customers",
       "BEGIN; CREATE TABLE never (id int); ROLLBACK", "COMMENT ON TABLE customers IS 'of ours'"});
  EXPECT_EQ(ask(*catalogs, request(true)).catalog, first.catalog);
  auto other = std::make_shared<Resource>(*resource);
  other->sensitive.clear();
  resource = other;
  const Answer by_other_rules = ask(*catalogs, request(true));
  ASSERT_NE(by_other_rules.catalog, nullptr) << by_other_rules.reason;
  EXPECT_FALSE(by_other_rules.catalog->relations_named("customers").front()->any_sensitive());
}

TEST_F(ThrowawayPostgres, ReadingsThatFollowEachOtherLogInOnce) {
  auto catalogs = service("correct horse", std::chrono::seconds{10});
  ASSERT_NE(ask(*catalogs, request()).catalog, nullptr);
  sql({"CREATE TABLE follows (id int)"});
  const Answer again = ask(*catalogs, request(true));
  ASSERT_NE(again.catalog, nullptr) << again.reason;
  EXPECT_EQ(again.catalog->relations_named("follows").size(), 1U);
  EXPECT_EQ(secrets_read.load(), 1);
  // One that the server has closed is no reason to fail.
  sql(
      {"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = "
       "'sluice catalogue'"});
  EXPECT_EQ(ask(*catalogs, request(true)).catalog, again.catalog);
  EXPECT_EQ(secrets_read.load(), 2);
  // Nor is one of a policy that holds no more one to use.
  catalogs->forget_all();
  ASSERT_NE(ask(*catalogs, request(true)).catalog, nullptr);
  EXPECT_EQ(secrets_read.load(), 3);
}

TEST_F(ThrowawayPostgres, NoConnectionIsUsedForEver) {
  auto catalogs = service("correct horse", std::chrono::seconds{10});
  for (std::size_t i = 0; i < IdleClients::kUsesMax; ++i)
    ASSERT_NE(ask(*catalogs, request(true)).catalog, nullptr);
  EXPECT_EQ(secrets_read.load(), 1);
  ASSERT_NE(ask(*catalogs, request(true)).catalog, nullptr);
  EXPECT_EQ(secrets_read.load(), 2);
}

// A server waits for five seconds.
TEST_F(ThrowawayPostgres, ADatabaseCanBeDroppedSoonAfterItsCatalogueWasRead) {
  auto catalogs = service("correct horse", std::chrono::seconds{1});
  sql({"CREATE DATABASE short_lived"});
  ASSERT_NE(ask(*catalogs, request(false, "short_lived")).catalog, nullptr);
  sql({"DROP DATABASE short_lived"});
  EXPECT_NE(ask(*catalogs, request(true, "short_lived")).reason.find("does not exist"),
            std::string::npos);
}

TEST_F(ThrowawayPostgres, EachKindOfChangeIsSeen) {
  auto catalogs = service("correct horse");
  Answer known = ask(*catalogs, request());
  ASSERT_NE(known.catalog, nullptr) << known.reason;
  for (const char* change :
       {"CREATE SCHEMA apart",
        "CREATE TABLE apart.t (a int, b text)",
        "ALTER TABLE apart.t RENAME COLUMN b TO c",
        "ALTER TABLE apart.t RENAME COLUMN c TO b",
        "ALTER TABLE apart.t ALTER COLUMN b TYPE varchar(7)",
        "ALTER TABLE apart.t DROP COLUMN a",
        "ALTER TABLE apart.t ADD COLUMN d int",
        "ALTER TABLE apart.t RENAME TO u",
        "ALTER TABLE apart.u SET SCHEMA public",
        "CREATE VIEW shows AS SELECT b FROM u",
        "CREATE OR REPLACE VIEW shows AS SELECT b FROM u WHERE d > 1",
        "ALTER VIEW shows RENAME TO tells",
        "CREATE RULE eats AS ON DELETE TO u DO INSTEAD NOTHING",
        "DROP RULE eats ON u",
        "CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "ALTER FUNCTION f(int) STABLE",
        "ALTER FUNCTION f(int) RENAME TO g",
        "CREATE DOMAIN positive AS int",
        "ALTER DOMAIN positive ADD CHECK (g(VALUE) > 0)",
        "CREATE OPERATOR !== (RIGHTARG = int, FUNCTION = g)",
        "CREATE TYPE mood AS ENUM ('sad')",
        "ALTER TYPE mood RENAME VALUE 'sad' TO 'glad'",
        "CREATE CAST (bool AS positive) WITH INOUT",
        "ALTER TABLE u ADD PRIMARY KEY (d)",
        "CREATE TABLE v (d int REFERENCES u ON DELETE CASCADE)",
        "CREATE TABLE w () INHERITS (u)",
        "ALTER TABLE w NO INHERIT u",
        "ALTER TABLE v ADD COLUMN e int GENERATED ALWAYS AS (d + 1) STORED",
        "CREATE FOREIGN DATA WRAPPER wrapper",
        "CREATE SERVER server FOREIGN DATA WRAPPER wrapper",
        "CREATE FOREIGN TABLE away (a int) SERVER server OPTIONS (table_name 't')",
        "ALTER FOREIGN TABLE away OPTIONS (SET table_name 'customers')",
        "DROP SCHEMA apart",
        "VACUUM FULL pg_class"}) {
    sql({change});
    const Answer now = ask(*catalogs, request(true));
    ASSERT_NE(now.catalog, nullptr) << now.reason;
    EXPECT_NE(now.catalog, known.catalog) << change;
    known = now;
    EXPECT_EQ(ask(*catalogs, request(true)).catalog, known.catalog) << change;
  }
}

// Its rows were written by a transaction that is older than what was committed and read before.
TEST_F(ThrowawayPostgres, ChangeThatIsCommittedLateIsSeen) {
  auto catalogs = service("correct horse");
  sql(
      {"BEGIN; CREATE FUNCTION late() RETURNS int LANGUAGE sql AS 'SELECT 1'; "
       "PREPARE TRANSACTION 'late'",
       "CREATE TABLE early (id int)"});
  const Answer before = ask(*catalogs, request());
  ASSERT_NE(before.catalog, nullptr) << before.reason;
  EXPECT_TRUE(before.catalog->functions_named("late").empty());
  sql({"COMMIT PREPARED 'late'"});
  const Answer after = ask(*catalogs, request(true));
  ASSERT_NE(after.catalog, nullptr) << after.reason;
  EXPECT_EQ(after.catalog->functions_named("late").size(), 1U);
}

// A prepared transaction holds its locks without a session.
TEST_F(ThrowawayPostgres, WhatSomebodyHasLockedIsNotKnownAndAllElseIs) {
  auto catalogs = service("correct horse");
  sql({"BEGIN; LOCK TABLE customers; PREPARE TRANSACTION 'holds'"});
  const Answer got = ask(*catalogs, request());
  sql({"ROLLBACK PREPARED 'holds'"});
  ASSERT_NE(got.catalog, nullptr) << got.reason;
  EXPECT_FALSE(got.catalog->whole());
  const auto* numbers = got.catalog->relations_named("numbers").front();
  EXPECT_TRUE(numbers->locked && numbers->definition_unread);
  EXPECT_EQ(numbers->columns.at(0).mask, MaskKind::kRedact);
  EXPECT_TRUE(
      got.catalog->relations_named("inbox").front()->on_insert->actions.has(Action::kUnknown));
  EXPECT_TRUE(got.catalog->relations_named("customers").front()->any_sensitive());
  const auto* plain = got.catalog->relations_named("plain").front();
  EXPECT_TRUE(plain->definition && !plain->any_sensitive());
  const Answer later = ask(*catalogs, request(true));
  ASSERT_NE(later.catalog, nullptr) << later.reason;
  EXPECT_TRUE(later.catalog->whole());
  EXPECT_FALSE(later.catalog->relations_named("numbers").front()->locked);
}

TEST_F(ThrowawayPostgres, AChangeCostsOneReadingHoweverManyAskForWhatIsNewer) {
  auto catalogs = service("correct horse");
  const Answer first = ask(*catalogs, request());
  ASSERT_NE(first.catalog, nullptr) << first.reason;
  sql({"CREATE TABLE made_by_another (id int)"});
  news->of("postgres").begin();
  news->of("postgres").end(true);
  CatalogRequest newer = request();
  newer.generation = news->of("postgres").now().generation;
  const Answer second = ask(*catalogs, newer);
  EXPECT_NE(second.catalog, first.catalog);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ask(*catalogs, newer).catalog, second.catalog);
  EXPECT_EQ(secrets_read.load(), 2);
}

TEST_F(ThrowawayPostgres, AskersShareOneReading) {
  auto catalogs = service("correct horse");
  std::atomic<int> answered{0};
  for (int count = 0; count < 50; ++count)
    catalogs->get(request(), [&](std::shared_ptr<const sql::Catalog> catalog, const std::string&) {
      answered += catalog ? 1 : 0;
    });
  ASSERT_NE(ask(*catalogs, request()).catalog, nullptr);
  catalogs.reset();
  EXPECT_EQ(answered.load(), 50);
  EXPECT_EQ(secrets_read.load(), 1);
}

TEST_F(ThrowawayPostgres, WrongPasswordIsAReasonWithoutThePassword) {
  auto catalogs = service("wrong battery");
  const Answer got = ask(*catalogs, request());
  EXPECT_EQ(got.catalog, nullptr);
  EXPECT_NE(got.reason.find("password authentication failed"), std::string::npos) << got.reason;
  EXPECT_EQ(got.reason.find("battery"), std::string::npos);
}

TEST_F(ThrowawayPostgres, MissingDatabaseIsTheServersOwnReason) {
  auto catalogs = service("correct horse");
  const Answer got = ask(*catalogs, request(false, "nowhere"));
  EXPECT_NE(got.reason.find("database \"nowhere\" does not exist"), std::string::npos)
      << got.reason;
}

TEST_F(ThrowawayPostgres, ServerWithoutTlsIsRefusedWhereThePolicyDemandsIt) {
  auto catalogs = service("correct horse");
  CatalogRequest wanted = request();
  wanted.upstream.tls = UpstreamTls::kRequire;
  EXPECT_NE(ask(*catalogs, wanted).reason.find("does not offer TLS"), std::string::npos);
}

TEST_F(ThrowawayPostgres, UnreadableSecretIsSaidWithoutItsPath) {
  resource->login->password_file = "/secrets/other";
  auto catalogs = service("correct horse");
  const Answer got = ask(*catalogs, request());
  EXPECT_NE(got.reason.find("cannot be read"), std::string::npos);
  EXPECT_EQ(got.reason.find("/secrets"), std::string::npos);
}

TEST_F(ThrowawayPostgres, StoppingAnswersWhoStillWaits) {
  auto [silent, at] = listen_loopback();  // accepts in the kernel, never says a word
  auto catalogs = service("correct horse");
  CatalogRequest wanted = request();
  wanted.upstream.target.endpoint = at;
  std::atomic<int> answered{0};
  for (int count = 0; count < 3; ++count)
    catalogs->get(wanted, [&](std::shared_ptr<const sql::Catalog> catalog, const std::string&) {
      answered += catalog ? 0 : 1;
    });
  catalogs.reset();
  EXPECT_EQ(answered.load(), 3);
}

}  // namespace
}  // namespace sluice::net::test
