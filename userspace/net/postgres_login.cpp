// SPDX-License-Identifier: Apache-2.0
#include "net/postgres_login.h"

#include "net/blocking_stream.h"

#include <utility>

namespace sluice::net {

Result<std::unique_ptr<PostgresClient>> PostgresLogin::open(const Where& where) {
  const Resource& resource = where.resource;
  if (!resource.login) return Error{"resource '" + resource.name + "' has no login"};
  PostgresClient::Options login;
  login.user = resource.login->user;
  login.database = where.database;
  login.answer_bytes_max = where.answer_bytes_max;
  if (!resource.login->password_file.empty()) {
    auto password = read_secret_(resource.login->password_file);
    // The path of a secret is not the agent's to know.
    if (!password) return Error{"the password of the resource's login cannot be read"};
    login.password = *std::move(password);
  }
  SLUICE_TRY(auto stream,
             BlockingStream::connect(where.upstream, clock_, where.deadline, &stopping_));
  return PostgresClient::login(std::move(stream), where.upstream, tls_contexts_, std::move(login));
}

}  // namespace sluice::net
