// SPDX-License-Identifier: Apache-2.0
// What one PostgreSQL session is given. All of it is fixed for the session's life but the policy,
// which is read anew for each verdict, so that a reload takes effect on living connections.
#pragma once

#include <sluice/bytes.h>
#include <sluice/catalog_news.h>
#include <sluice/identity.h>
#include <sluice/resource.h>
#include <sluice/secret.h>

#include <chrono>
#include <functional>
#include <memory>

#include "mask/detectors.h"
#include "mask/keyed_hash.h"
#include "policy/policy.h"
#include "proto/postgres/limits.h"
#include "sql/limits.h"

namespace sluice::session {

// Shared by the sessions of one worker thread; never null.
struct MaskTools {
  std::shared_ptr<const mask::Detectors> detectors;
  std::shared_ptr<mask::Scratch> scratch;
  std::shared_ptr<mask::KeyedHash> hash;
};

struct PostgresOptions {
  SessionId session;
  std::shared_ptr<const Lineage> lineage;
  std::shared_ptr<const Resource> resource;
  std::function<const policy::Policy&()> policy;  // the one in force; good until the next call
  Secret password;                                // of resource->login
  // The server is behind a Unix socket: PostgreSQL has no TLS there, and upstream_tls does not
  // apply.
  bool upstream_is_unix = false;
  Bytes randomness;  // kRandomBytes of a secure source, used once
  MaskTools mask;
  std::shared_ptr<CatalogNews> news;  // never null; shared by all sessions of the daemon
  pg::Limits limits;
  sql::Limits sql_limits;
  // An older catalogue is asked for again. What DDL of this daemon's sessions changes is known at
  // once (`news`); between two snapshots a view that somebody else redefines is masked by its old
  // definition; columns of tables are known by OID and are not affected.
  std::chrono::seconds catalog_age_max{15};

  static constexpr std::size_t kNonceBytes = 18;
  static constexpr std::size_t kRandomBytes =
      kNonceBytes + 256;  // the rest is the agent's cancel secret
};

}  // namespace sluice::session
