// SPDX-License-Identifier: Apache-2.0
// The catalogue queries: run all, in this order, over one connection in one REPEATABLE READ READ
// ONLY transaction, so that the snapshot is of one moment. Text format. Written for PostgreSQL 13
// to 18 and a login without special rights.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace sluice::sql {

enum class CatalogTable : std::uint8_t {
  kSettings,
  kRelations,
  kColumns,
  kInheritance,
  kFunctions,
  kOperators,
  kCasts,
  kTypes,
  kOperatorClasses,
  kCalls,
  kDependents,
  kStanding,
  kRewrites,
  kForeignKeys,
  kForeignTables,
  kTriggers,
  kPrimaryKeys,
  kRevisions,
};

struct CatalogQuery {
  CatalogTable table;
  std::string_view text;    // one statement, no semicolon
  std::size_t columns = 0;  // of each row; the builder refuses others
};

// One simple query. The path lets operators and pg_get_viewdef mean the same everywhere. A lock
// that somebody takes after the queries have looked for them is waited for no longer than this,
// which is well below deadlock_timeout: if there is a deadlock, it is we who give up. Then
// kCatalogLocked is the error; after kCatalogEnd all may be asked again. To compile such a
// query takes longer than to run it.
inline constexpr std::string_view kCatalogBegin =
    "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY; "
    "SET LOCAL search_path TO pg_catalog, pg_temp; SET LOCAL lock_timeout TO '100ms'; "
    "SET LOCAL jit TO off";
inline constexpr std::string_view kCatalogEnd = "COMMIT";
inline constexpr std::string_view kCatalogLocked = "55P03";  // SQLSTATE

std::span<const CatalogQuery> catalog_queries();

// Whether what these queries read is still the same, for a fraction of what they take: none of
// their rows has come, gone or changed where both answers are what they were. The first also says
// so by itself, where no transaction has ended since or is running that was not. The digest needs
// hashtidextended(), so PostgreSQL 14.
extern const std::string_view kCatalogSnapshot;
extern const std::string_view kCatalogHasDigest;  // 't' or 'f'
extern const std::string_view kCatalogDigest;

}  // namespace sluice::sql
