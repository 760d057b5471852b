// SPDX-License-Identifier: Apache-2.0
// What happens to each cell of one result: decided once, at its RowDescription, from three
// witnesses: the server's table OID and attribute number, the catalogue's sensitive columns, and
// the lineage from the parse tree. The most restrictive one wins; where the server names a column
// of a table, its word replaces lineage that is not known (DESIGN.md section 8, Masking).
#pragma once

#include <sluice/resource.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "mask/masks.h"
#include "proto/postgres/backend.h"
#include "sql/catalog.h"
#include "sql/statement.h"

namespace sluice::session {

// One field of a RowDescription without its name.
struct ResultField {
  std::uint32_t table_oid = 0;
  std::int16_t attribute_number = 0;
  std::uint32_t type_oid = 0;
  std::int32_t type_modifier = -1;
  pg::Format format = pg::Format::kText;
};
std::vector<ResultField> fields_of(const pg::RowDescription& description);

struct CellPlan {
  enum class Kind : std::uint8_t {
    kPass,    // as it is
    kDetect,  // read by the detectors
    kMask,
  };
  Kind kind = Kind::kMask;
  MaskKind mask = MaskKind::kRedact;
  // A computed value that is NULL gets the mask of one that is not: nullif(ssn, '1') would tell.
  bool hides_null = false;
  mask::CellType type;
};

struct ResultPlan {
  std::vector<CellPlan> cells;
  bool untouched = false;  // every cell passes: rows need not be read
  bool detects = false;    // some cell is read by the detectors
  bool hashes = false;     // some cell gets a token
};

// Some rule of the resource names columns. Asked instead of whether the catalogue has any of them:
// the first one may be younger than the catalogue.
bool has_column_rules(const Resource& resource);

struct PlanInputs {
  const sql::Statement* statement = nullptr;  // null: of a result that no statement explains
  const sql::Catalog* catalog = nullptr;      // never null
  const Resource* resource = nullptr;         // never null
  bool may_have_tried = false;                // Context::may_have_tried
};

// Tables that the catalogue does not know: ask for a newer one before planning with it.
std::vector<std::uint32_t> unknown_tables(const std::vector<ResultField>& fields,
                                          const PlanInputs& inputs);

ResultPlan plan_result(const std::vector<ResultField>& fields, const PlanInputs& inputs);
// Of one that was described before the session changed what its counts may tell of.
bool shows_counts(const sql::Statement& statement);
void hide(ResultPlan& plan);
// Of a COPY, of whose columns the server tells nothing but how many there are: their tables and
// types are those that lineage finds.
ResultPlan plan_copy(std::size_t columns, pg::Format format, const PlanInputs& inputs);

}  // namespace sluice::session
