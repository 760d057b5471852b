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
  kViews,
  kFunctions,
  kOperators,
  kCasts,
  kDependents,
  kRewrites,
};

struct CatalogQuery {
  CatalogTable table;
  std::string_view text;    // one statement, no semicolon
  std::size_t columns = 0;  // of each row; the builder refuses others
};

// One simple query. The path lets operators and pg_get_viewdef mean the same everywhere.
inline constexpr std::string_view kCatalogBegin =
    "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY; "
    "SET LOCAL search_path TO pg_catalog, pg_temp";
inline constexpr std::string_view kCatalogEnd = "COMMIT";

std::span<const CatalogQuery> catalog_queries();

}  // namespace sluice::sql
