// SPDX-License-Identifier: Apache-2.0
#include "net/catalog_fingerprint.h"

#include "sql/catalog_queries.h"

#include <utility>

namespace sluice::net {
namespace {

// All cells of all rows.
Result<std::string> answer(PostgresClient& client, std::string_view query) {
  std::string text;
  SLUICE_TRY_VOID(client.query(query, [&text](PostgresClient::Row row) -> Result<void> {
    for (const auto& cell : row) {
      text += cell.value_or("null");
      text += '\n';
    }
    return {};
  }));
  return text;
}

}  // namespace

Result<bool> still_holds(PostgresClient& client, CatalogFingerprint& known) {
  SLUICE_TRY(auto snapshot, answer(client, sql::kCatalogSnapshot));
  if (snapshot == known.snapshot) return true;
  SLUICE_TRY(auto has_digest, answer(client, sql::kCatalogHasDigest));
  std::string digest;
  if (has_digest.starts_with('t')) {
    SLUICE_TRY(digest, answer(client, sql::kCatalogDigest));
  }
  const bool holds = !digest.empty() && digest == known.digest;
  known = {std::move(snapshot), std::move(digest)};
  return holds;
}

}  // namespace sluice::net
