// SPDX-License-Identifier: Apache-2.0
#include "store/database.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace sluice::store {
namespace {

// Long enough for a daemon that is just ending, short enough for a person who starts a second one.
constexpr int kBusyTimeoutMs = 1000;

Error closed() {
  return Error{"the store was given to the daemon that takes over: connect again, and ask there"};
}

Error failure(sqlite3* database, std::string_view doing) {
  return Error{std::string(doing) + ": " + sqlite3_errmsg(database)};
}

// SQLite gives the files beside it (-wal) the mode of the main file, so that one must be right from
// the start. An existing file is looked at without opening it: to close a second descriptor would
// drop the POSIX locks that SQLite holds on it.
Result<void> make_private(const std::string& file) {
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd >= 0) {
    ::close(fd);
    return {};
  }
  if (errno != EEXIST) return Error::sys(errno, "create store '" + file + "'");
  struct stat info {};
  if (::lstat(file.c_str(), &info) != 0) return Error::sys(errno, "look at store '" + file + "'");
  if (!S_ISREG(info.st_mode)) return Error{"store '" + file + "' is not a regular file"};
  if (info.st_uid != ::geteuid())
    return Error{"store '" + file + "' belongs to uid " + std::to_string(info.st_uid) +
                 ", not to the daemon's uid " + std::to_string(::geteuid())};
  if ((info.st_mode & 077) != 0)
    return Error{"store '" + file + "' can be reached by others: run chmod 600 on it"};
  return {};
}

}  // namespace

void CloseDatabase::operator()(sqlite3* handle) const noexcept { sqlite3_close_v2(handle); }
void FinalizeStatement::operator()(sqlite3_stmt* handle) const noexcept {
  sqlite3_finalize(handle);
}

Statement& Statement::bind(int index, std::string_view text) {
  const int code = sqlite3_bind_text64(handle_.get(), index, text.data(), text.size(),
                                       SQLITE_TRANSIENT, SQLITE_UTF8);
  if (code != SQLITE_OK) bind_error_ = code;
  return *this;
}

Statement& Statement::bind(int index, std::int64_t number) {
  const int code = sqlite3_bind_int64(handle_.get(), index, number);
  if (code != SQLITE_OK) bind_error_ = code;
  return *this;
}

Statement& Statement::bind(int index, WallTime time) {
  return bind(index, static_cast<std::int64_t>(time.time_since_epoch().count()));
}

Statement& Statement::bind_null(int index) {
  const int code = sqlite3_bind_null(handle_.get(), index);
  if (code != SQLITE_OK) bind_error_ = code;
  return *this;
}

Result<bool> Statement::step() {
  if (bind_error_ != 0)
    return Error{std::string("store: bind a value: ") + sqlite3_errstr(bind_error_)};
  switch (sqlite3_step(handle_.get())) {
    case SQLITE_ROW: return true;
    case SQLITE_DONE: return false;
    default: return failure(database_, "store");
  }
}

Result<void> Statement::finish() {
  SLUICE_TRY(const bool row, step());
  if (row) return Error{"store: a statement that should give no row gave one"};
  return {};
}

std::string Statement::text(int column) const {
  // The pointer first, then the length: the other order may convert and move the value.
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(handle_.get(), column));
  if (!data) return {};
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column))};
}

std::int64_t Statement::number(int column) const {
  return sqlite3_column_int64(handle_.get(), column);
}

WallTime Statement::time(int column) const {
  return WallTime{std::chrono::nanoseconds{number(column)}};
}

Result<Database> Database::open(const std::string& file) {
  SLUICE_TRY_VOID(make_private(file));
  sqlite3* handle = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW;
  const int opened = sqlite3_open_v2(file.c_str(), &handle, flags, nullptr);
  Database database{handle};
  if (opened != SQLITE_OK) return Error{"open store '" + file + "': " + sqlite3_errstr(opened)};
  sqlite3_busy_timeout(handle, kBusyTimeoutMs);
  sqlite3_extended_result_codes(handle, 1);

  const auto in_file = [&](const Error& error) {
    if (sqlite3_errcode(handle) == SQLITE_BUSY)
      return Error{
          "store '" + file +
          "' is in use: another sluiced has this state_dir; stop it or give this one another"};
    return error.within("store '" + file + "'");
  };
  // Exclusive: two daemons on one state directory would answer each other's requests. It is taken
  // by the first transaction and kept until the file is closed.
  for (const char* pragma :
       {"PRAGMA locking_mode=EXCLUSIVE", "PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL",
        "PRAGMA foreign_keys=ON", "PRAGMA trusted_schema=OFF", "BEGIN EXCLUSIVE; COMMIT"})
    if (auto ran = database.run(pragma); !ran) return in_file(ran.error());

  auto check = database.prepare("PRAGMA quick_check(1)");
  if (!check) return in_file(check.error());
  auto row = check->step();
  if (!row) return in_file(row.error());
  if (const std::string found = check->text(0); found != "ok")
    return Error{
        "store '" + file + "' is damaged (" + found +
        "): move it away and start again; pending approvals and living runs in it are lost"};
  return database;
}

void Database::close() { handle_.reset(); }

Result<Statement> Database::prepare(std::string_view sql) {
  if (!handle_) return closed();
  sqlite3_stmt* handle = nullptr;
  if (sqlite3_prepare_v2(handle_.get(), sql.data(), static_cast<int>(sql.size()), &handle,
                         nullptr) != SQLITE_OK)
    return failure(handle_.get(), "store: prepare");
  return Statement{handle_.get(), handle};
}

Result<void> Database::run(const std::string& sql) {
  if (!handle_) return closed();
  if (sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
    return failure(handle_.get(), "store");
  return {};
}

Result<std::int64_t> Database::number(std::string_view sql) {
  SLUICE_TRY(Statement statement, prepare(sql));
  SLUICE_TRY(const bool row, statement.step());
  if (!row) return Error{"store: no row for '" + std::string(sql) + "'"};
  return statement.number(0);
}

std::int64_t Database::changes() const { return sqlite3_changes64(handle_.get()); }

Result<Transaction> Transaction::begin(Database& database) {
  SLUICE_TRY_VOID(database.run("BEGIN IMMEDIATE"));
  return Transaction{database};
}

Transaction::~Transaction() {
  // Nothing can be done about a failed rollback, and SQLite has rolled back itself in that case.
  if (database_) static_cast<void>(database_->run("ROLLBACK"));
}

Result<void> Transaction::commit() {
  SLUICE_TRY_VOID(database_->run("COMMIT"));
  database_ = nullptr;
  return {};
}

Result<void> migrate(Database& database, std::span<const char* const> migrations) {
  SLUICE_TRY(const std::int64_t version, database.number("PRAGMA user_version"));
  const auto newest = static_cast<std::int64_t>(migrations.size());
  if (version > newest)
    return Error{"the store is of version " + std::to_string(version) +
                 ", this program knows up to " + std::to_string(newest) +
                 ": use the newer program, or another state_dir"};
  for (std::int64_t next = version; next < newest; ++next) {
    const std::string phrase = "migrate the store to version " + std::to_string(next + 1);
    auto transaction = Transaction::begin(database);
    if (!transaction) return transaction.error().within(phrase);
    if (auto ran = database.run(migrations[static_cast<std::size_t>(next)]); !ran)
      return ran.error().within(phrase);
    if (auto ran = database.run("PRAGMA user_version=" + std::to_string(next + 1)); !ran)
      return ran.error().within(phrase);
    if (auto done = transaction->commit(); !done) return done.error().within(phrase);
  }
  return {};
}

}  // namespace sluice::store
