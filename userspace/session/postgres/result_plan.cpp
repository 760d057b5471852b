// SPDX-License-Identifier: Apache-2.0
#include "session/postgres/result_plan.h"

#include <sluice/postgres_types.h>

#include <algorithm>

namespace sluice::session {
namespace {

bool has_detectors(const Resource& resource) {
  return std::any_of(resource.sensitive.begin(), resource.sensitive.end(),
                     [](const SensitiveRule& rule) { return !rule.detectors.empty(); });
}

// The stricter of two masks: what shows less of the value.
MaskKind stricter(MaskKind a, MaskKind b) {
  constexpr auto rank = [](MaskKind kind) {
    switch (kind) {
      case MaskKind::kNull: return 3;
      case MaskKind::kRedact: return 2;
      case MaskKind::kHash: return 1;
      case MaskKind::kPartial: return 0;
    }
    return 3;
  };
  return rank(a) >= rank(b) ? a : b;
}

std::optional<MaskKind> mask_by_lineage(const sql::OutputColumn& output, bool may_have_tried) {
  switch (output.kind) {
    case sql::OutputColumn::Kind::kClear: return std::nullopt;
    case sql::OutputColumn::Kind::kColumn: return output.mask;
    case sql::OutputColumn::Kind::kDerived:
    case sql::OutputColumn::Kind::kOpaque: return MaskKind::kRedact;
    case sql::OutputColumn::Kind::kCounted:
      return may_have_tried ? std::optional{MaskKind::kRedact} : std::nullopt;
  }
  return MaskKind::kRedact;
}

sql::OutputColumn lineage_of(const PlanInputs& inputs, std::size_t position, std::size_t count) {
  if (inputs.statement == nullptr) return {};  // opaque
  return sql::output_of(*inputs.statement, position, count);
}

std::optional<MaskKind> mask_of(const ResultField& field, const sql::OutputColumn& lineage,
                                const PlanInputs& inputs) {
  const sql::Catalog& catalog = *inputs.catalog;
  std::optional<MaskKind> by_lineage = mask_by_lineage(lineage, inputs.may_have_tried);
  if (field.table_oid == 0) return by_lineage;
  const sql::ColumnSensitivity by_server =
      catalog.sensitivity(field.table_oid, field.attribute_number);
  // A table that nobody else sees yet, or a temporary one: where the text names one that this
  // session has made, with nothing sensitive in it, that is it. Otherwise it may be any.
  if (!by_server.known && !(lineage.clear() && lineage.of_session)) return MaskKind::kRedact;
  // The server says which column this is; that the text alone could not tell does not matter then.
  if (lineage.kind == sql::OutputColumn::Kind::kOpaque) return by_server.mask;
  if (by_lineage && by_server.mask) return stricter(*by_lineage, *by_server.mask);
  return by_lineage ? by_lineage : by_server.mask;
}

}  // namespace

bool has_column_rules(const Resource& resource) {
  return std::any_of(resource.sensitive.begin(), resource.sensitive.end(),
                     [](const SensitiveRule& rule) { return !rule.column.empty(); });
}

std::vector<ResultField> fields_of(const pg::RowDescription& description) {
  std::vector<ResultField> fields;
  fields.reserve(description.fields.size());
  for (const pg::FieldDescription& field : description.fields)
    fields.push_back({field.table_oid, field.attribute_number, field.type_oid, field.type_modifier,
                      field.format});
  return fields;
}

std::vector<std::uint32_t> unknown_tables(const std::vector<ResultField>& fields,
                                          const PlanInputs& inputs) {
  std::vector<std::uint32_t> unknown;
  if (!has_column_rules(*inputs.resource)) return unknown;
  for (const ResultField& field : fields)
    if (field.table_oid != 0 &&
        !inputs.catalog->sensitivity(field.table_oid, field.attribute_number).known &&
        std::find(unknown.begin(), unknown.end(), field.table_oid) == unknown.end())
      unknown.push_back(field.table_oid);
  return unknown;
}

ResultPlan plan_result(const std::vector<ResultField>& fields, const PlanInputs& inputs) {
  const bool detect = has_detectors(*inputs.resource);
  const bool by_column = has_column_rules(*inputs.resource);
  ResultPlan plan;
  plan.untouched = true;
  plan.cells.reserve(fields.size());
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const ResultField& field = fields[i];
    CellPlan cell;
    cell.type = {field.type_oid, field.type_modifier,
                 field.format == pg::Format::kBinary ? mask::Format::kBinary : mask::Format::kText};
    const auto kind =
        by_column ? mask_of(field, lineage_of(inputs, i, fields.size()), inputs) : std::nullopt;
    if (kind) {
      cell.kind = CellPlan::Kind::kMask;
      cell.mask = *kind;
      const sql::OutputColumn lineage = lineage_of(inputs, i, fields.size());
      // Of a view's column, or a generated one, the catalogue says whether it is computed.
      cell.hides_null =
          field.table_oid == 0
              ? lineage.kind == sql::OutputColumn::Kind::kDerived ||
                    lineage.kind == sql::OutputColumn::Kind::kOpaque
              : inputs.catalog->sensitivity(field.table_oid, field.attribute_number).computed;
      if (cell.hides_null && mask::redact_takes_length(cell.type)) cell.mask = MaskKind::kNull;
    } else {
      cell.kind = detect && mask::is_text_like(field.type_oid) ? CellPlan::Kind::kDetect
                                                               : CellPlan::Kind::kPass;
    }
    plan.untouched = plan.untouched && cell.kind == CellPlan::Kind::kPass;
    plan.detects = plan.detects || cell.kind == CellPlan::Kind::kDetect;
    plan.hashes = plan.hashes || (kind && cell.mask == MaskKind::kHash);
    plan.cells.push_back(cell);
  }
  return plan;
}

bool shows_counts(const sql::Statement& statement) {
  return std::any_of(statement.outputs.begin(), statement.outputs.end(), [](const auto& output) {
    return output.kind == sql::OutputColumn::Kind::kCounted;
  });
}

void hide(ResultPlan& plan) {
  for (CellPlan& cell : plan.cells) cell.kind = CellPlan::Kind::kMask;
  plan.untouched = plan.cells.empty();
}

ResultPlan plan_copy(std::size_t columns, pg::Format format, const PlanInputs& inputs) {
  std::vector<ResultField> fields(columns);
  for (std::size_t i = 0; i < columns; ++i) {
    ResultField& field = fields[i];
    field.format = format;
    const sql::OutputColumn output = lineage_of(inputs, i, columns);
    const sql::Relation* relation = inputs.catalog->relation(output.relation);
    const sql::Column* column = relation == nullptr ? nullptr : relation->column(output.attnum);
    if (column == nullptr) continue;
    field.table_oid = output.relation;
    field.attribute_number = output.attnum;
    field.type_oid = column->type;
    field.type_modifier = column->typmod;
  }
  ResultPlan plan = plan_result(fields, inputs);
  // What detectors find in a text stays a text, whatever else it is.
  for (CellPlan& cell : plan.cells)
    if (cell.kind == CellPlan::Kind::kDetect && cell.type.oid == 0 && format == pg::Format::kText)
      cell.type.oid = postgres_type::kText;
  return plan;
}

}  // namespace sluice::session
