// SPDX-License-Identifier: Apache-2.0
// SQLite with owned handles and errors as values. One thread at a time.
#pragma once

#include <sluice/clock.h>
#include <sluice/result.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

struct sqlite3;
struct sqlite3_stmt;

namespace sluice::store {

struct CloseDatabase {
  void operator()(sqlite3* handle) const noexcept;
};
struct FinalizeStatement {
  void operator()(sqlite3_stmt* handle) const noexcept;
};

// One prepared statement. Binds count from 1, columns from 0, as in SQLite. A failed bind is kept
// and reported by the next step(), so that a row of binds needs one check.
class Statement {
 public:
  Statement& bind(int index, std::string_view text);
  Statement& bind(int index, std::int64_t number);
  Statement& bind(int index, WallTime time);
  Statement& bind_null(int index);

  // true: a row is there; false: done.
  Result<bool> step();
  // step() where no row is wanted.
  Result<void> finish();

  std::string text(int column) const;
  std::int64_t number(int column) const;
  WallTime time(int column) const;

 private:
  friend class Database;
  Statement(sqlite3* database, sqlite3_stmt* handle) : database_(database), handle_(handle) {}

  sqlite3* database_;
  std::unique_ptr<sqlite3_stmt, FinalizeStatement> handle_;
  int bind_error_ = 0;
};

class Database {
 public:
  // Opens or makes `file` (0600), alone: a second opener gets an Error while this one lives.
  // Commits are on the disk when they return (WAL, synchronous=FULL). A damaged file is an Error.
  static Result<Database> open(const std::string& file);

  // Gives the file free for another opener. Every call below is an Error from then on, until this
  // object is assigned an open one.
  void close();

  Result<Statement> prepare(std::string_view sql);
  // Statements without results, separated by ';'.
  Result<void> run(const std::string& sql);
  Result<std::int64_t> number(std::string_view sql);  // first column of the only row
  std::int64_t changes() const;                       // rows changed by the last statement

 private:
  explicit Database(sqlite3* handle) : handle_(handle) {}

  std::unique_ptr<sqlite3, CloseDatabase> handle_;
};

// Rolls back unless committed.
class Transaction {
 public:
  static Result<Transaction> begin(Database& database);
  Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  Result<void> commit();

 private:
  explicit Transaction(Database& database) : database_(&database) {}
  Database* database_;
};

// Brings the schema up by running migrations[user_version..]; each is a transaction of its own. An
// Error where the file is of a newer program.
Result<void> migrate(Database& database, std::span<const char* const> migrations);

}  // namespace sluice::store
