// SPDX-License-Identifier: Apache-2.0
// Whether a database's catalogue is still what was read of it, without reading it again.
#pragma once

#include "net/postgres_client.h"

#include <sluice/result.h>

#include <string>

namespace sluice::net {

struct CatalogFingerprint {
  // Which server, which database, and which transactions had ended: while none ends and none
  // begins, nothing changes.
  std::string snapshot;
  // Every row of every table that the catalogue is made of, by where it lies and who wrote it. ""
  // where the server cannot tell (before version 14).
  std::string digest;
};

// Within the transaction that reads the catalogue, before anything else of it is read. True: what
// `known` is of is what is there now, and `known` says so from now on. False: it has become the
// fingerprint of what is there now.
Result<bool> still_holds(PostgresClient& client, CatalogFingerprint& known);

}  // namespace sluice::net
