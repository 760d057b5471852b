// SPDX-License-Identifier: Apache-2.0
#include "store/schema.h"

namespace sluice::store {
namespace {

// Times are nanoseconds since the epoch. cgroup_id is the kernel's 64 bits, kept as a signed
// number.
constexpr const char* kMigrations[] = {
    R"sql(
CREATE TABLE runs (
  seq          INTEGER PRIMARY KEY AUTOINCREMENT,
  id           TEXT NOT NULL UNIQUE,
  agent        TEXT NOT NULL,
  parent       TEXT NOT NULL,
  cgroup_id    INTEGER NOT NULL,
  cgroup_path  TEXT NOT NULL,
  launched_by  TEXT NOT NULL,
  on_behalf_of TEXT NOT NULL,
  task         TEXT NOT NULL,
  enrolled     INTEGER NOT NULL,
  revoked      INTEGER NOT NULL,
  started_at   INTEGER NOT NULL,
  ended_at     INTEGER
) STRICT;
CREATE INDEX runs_living ON runs(seq) WHERE ended_at IS NULL;

CREATE TABLE requests (
  seq        INTEGER PRIMARY KEY AUTOINCREMENT,
  ticket     TEXT NOT NULL UNIQUE,
  session    TEXT NOT NULL,
  statement  INTEGER NOT NULL,
  run        TEXT NOT NULL,
  intent     TEXT NOT NULL,
  verdict    TEXT NOT NULL,
  state      TEXT NOT NULL CHECK (state IN ('pending','approved','denied','expired','withdrawn')),
  note       TEXT NOT NULL,
  asked_at   INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  decided_at INTEGER
) STRICT;
CREATE INDEX requests_pending ON requests(seq) WHERE state = 'pending';
CREATE INDEX requests_decided ON requests(decided_at) WHERE decided_at IS NOT NULL;

CREATE TABLE votes (
  ticket  TEXT NOT NULL REFERENCES requests(ticket) ON DELETE CASCADE,
  uid     INTEGER NOT NULL,
  by      TEXT NOT NULL,
  approve INTEGER NOT NULL,
  note    TEXT NOT NULL,
  at      INTEGER NOT NULL,
  PRIMARY KEY (ticket, uid)
) STRICT;

CREATE TABLE grants (
  id         TEXT PRIMARY KEY,
  ticket     TEXT NOT NULL,
  binding    TEXT NOT NULL,
  by         TEXT NOT NULL,
  given_at   INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  ended_at   INTEGER,
  ended_by   TEXT
) STRICT;
)sql",
};

}  // namespace

std::span<const char* const> migrations() { return kMigrations; }

}  // namespace sluice::store
