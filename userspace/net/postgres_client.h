// SPDX-License-Identifier: Apache-2.0
// The daemon's own PostgreSQL client, for a thread that may wait: logs in and runs simple queries.
#pragma once

#include "net/blocking_stream.h"
#include "net/byte_queue.h"
#include "net/upstream.h"

#include "proto/postgres/backend.h"
#include "proto/postgres/frame.h"
#include "proto/postgres/limits.h"

#include <sluice/resource.h>
#include <sluice/result.h>
#include <sluice/secret.h>

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sluice::net {

class UpstreamTlsContexts;

class PostgresClient {
 public:
  struct Options {
    std::string user;
    std::string database;
    Secret password;
    std::size_t answer_bytes_max = 0;  // everything that the server may send over this connection
  };
  using Row = std::span<const std::optional<std::string_view>>;
  using OnRow = std::function<Result<void>(Row row)>;

  // Secures the connection as `upstream` says and logs in.
  static Result<std::unique_ptr<PostgresClient>> login(std::unique_ptr<BlockingStream> stream,
                                                       const UpstreamSettings& upstream,
                                                       UpstreamTlsContexts& contexts,
                                                       Options options);
  // One statement, results in text. An Error from `on_row` ends it; the connection is then of no
  // use.
  Result<void> query(std::string_view statement, const OnRow& on_row);
  // Of the last query(): "" where the server raised no error.
  const std::string& sqlstate() const { return sqlstate_; }
  void say_goodbye();
  // For another use of the same connection: its deadline, and an answer may be long again.
  void begin_again(SteadyTime deadline);
  std::size_t uses() const { return uses_; }  // 1 at first

 private:
  PostgresClient(std::unique_ptr<BlockingStream> stream, Options options)
      : stream_(std::move(stream)), options_(std::move(options)) {}
  Result<void> secure(const UpstreamSettings& upstream, UpstreamTlsContexts& contexts);
  Result<void> authenticate(const UpstreamSettings& upstream);
  Result<void> answer(const pg::Authentication& asked, const UpstreamSettings& upstream);
  Result<void> scram(const pg::Authentication& asked);
  Result<void> fill();
  // Views the buffer; valid until the next call.
  Result<pg::BackendMessage> next_message();
  Result<pg::Authentication> next_authentication();

  std::unique_ptr<BlockingStream> stream_;
  Options options_;
  pg::Limits limits_;
  ByteQueue received_;
  std::size_t consumed_ = 0;  // size of the message given last
  std::size_t total_ = 0;
  std::size_t uses_ = 1;
  std::string sqlstate_;
};

}  // namespace sluice::net
