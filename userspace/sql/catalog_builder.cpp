// SPDX-License-Identifier: Apache-2.0
#include "sql/catalog_builder.h"

#include <algorithm>
#include <charconv>
#include <unordered_set>

#include "sql/functions.h"

namespace sluice::sql {
namespace {

template <class Number>
Result<Number> number_in(const std::optional<std::string_view>& cell, const char* what) {
  Number value{};
  if (cell) {
    const auto [end, code] = std::from_chars(cell->data(), cell->data() + cell->size(), value);
    if (code == std::errc{} && end == cell->data() + cell->size()) return value;
  }
  return Error{std::string{"the catalogue gave no number as "} + what};
}

std::string text_in(const std::optional<std::string_view>& cell) {
  return cell ? std::string{*cell} : std::string{};
}

char letter_in(const std::optional<std::string_view>& cell, char otherwise) {
  return cell && cell->size() == 1 ? (*cell)[0] : otherwise;
}

std::vector<std::string> split(std::string_view list, char separator) {
  std::vector<std::string> out;
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(separator), list.size());
    out.emplace_back(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return out;
}

constexpr char kViewEvent = '1';

}  // namespace

CatalogBuilder::CatalogBuilder(CatalogLimits limits)
    : limits_(limits),
      catalog_(std::make_shared<Catalog>()),
      rest_(std::make_shared<Catalog::Rest>()) {
  catalog_->rest_ = rest_;
}

Result<void> CatalogBuilder::add_row(CatalogTable table, CatalogRow row) {
  for (const CatalogQuery& query : catalog_queries())
    if (query.table == table && query.columns != row.size())
      return Error{"a catalogue query gave " + std::to_string(row.size()) + " columns, not " +
                   std::to_string(query.columns)};
  switch (table) {
    case CatalogTable::kSettings: {
      SLUICE_TRY(rest_->server_version, number_in<int>(row[0], "server version"));
      return {};
    }
    case CatalogTable::kRelations: return add_relation(row);
    case CatalogTable::kColumns: return add_column(row);
    case CatalogTable::kInheritance: {
      SLUICE_TRY(const Oid child, number_in<Oid>(row[0], "child"));
      SLUICE_TRY(const Oid parent, number_in<Oid>(row[1], "parent"));
      inheritance_.push_back({child, parent});
      return {};
    }
    case CatalogTable::kFunctions: return add_function(row);
    case CatalogTable::kOperators:
    case CatalogTable::kCasts:
    case CatalogTable::kOperatorClasses: {
      SLUICE_TRY(const Oid function, number_in<Oid>(row[1], "function"));
      auto& list = table == CatalogTable::kOperators ? operators_
                   : table == CatalogTable::kCasts   ? casts_
                                                     : operator_classes_;
      if (table == CatalogTable::kCasts && function != 0 && text_in(row[0]).empty()) {
        SLUICE_TRY(const Oid type, number_in<Oid>(row[2], "type"));
        coercions_.push_back({{}, function, type});
        return {};
      }
      if (table == CatalogTable::kCasts && function == 0) {
        if (text_in(row[0]).empty())
          rest_->any_cast_of_rows = true;
        else
          takes_any_type_.push_back(text_in(row[0]));
        return {};
      }
      list.push_back({text_in(row[0]), function, 0});
      if (table != CatalogTable::kCasts) return {};
      SLUICE_TRY(list.back().type, number_in<Oid>(row[2], "type"));
      if (list.back().name == "text" && list.back().type == 0)
        for (const std::string_view name : kCastToText)
          list.push_back({std::string{name}, function, 0});
      return {};
    }
    case CatalogTable::kCalls: {
      Call call;
      SLUICE_TRY(call.caller, number_in<Oid>(row[0], "function"));
      call.kind = letter_in(row[1], 'w');
      SLUICE_TRY(call.object, number_in<Oid>(row[2], "what the function uses"));
      calls_.push_back(call);
      return {};
    }
    case CatalogTable::kTypes: return add_type(row);
    case CatalogTable::kDependents: return add_dependent(row);
    case CatalogTable::kStanding: return add_standing(row);
    case CatalogTable::kRewrites: return add_rewrite(row);
    case CatalogTable::kForeignKeys: return add_foreign_key(row);
    case CatalogTable::kForeignTables: return add_foreign_table(row);
    case CatalogTable::kRevisions: return add_revision(row);
    case CatalogTable::kTriggers: return add_trigger(row);
    case CatalogTable::kPrimaryKeys: {
      SLUICE_TRY(const Oid relation, number_in<Oid>(row[0], "relation"));
      SLUICE_TRY(const auto attnum, number_in<std::int16_t>(row[1], "attribute number"));
      primary_keys_.emplace_back(relation, attnum);
      return {};
    }
  }
  return Error{"a row of no known catalogue query"};
}

Result<void> CatalogBuilder::add_relation(CatalogRow row) {
  if (catalog_->relations_.size() >= limits_.relations_max)
    return Error{"the database has more than " + std::to_string(limits_.relations_max) +
                 " relations"};
  Relation relation;
  SLUICE_TRY(relation.oid, number_in<Oid>(row[0], "relation"));
  relation.schema = text_in(row[1]);
  relation.name = text_in(row[2]);
  relation.kind = letter_in(row[3], 'r');
  catalog_->relations_.push_back(std::move(relation));
  return {};
}

Result<void> CatalogBuilder::add_column(CatalogRow row) {
  if (++columns_count_ > limits_.columns_max)
    return Error{"the database has more than " + std::to_string(limits_.columns_max) + " columns"};
  Column column;
  SLUICE_TRY(const Oid relation, number_in<Oid>(row[0], "relation"));
  SLUICE_TRY(column.attnum, number_in<std::int16_t>(row[1], "attribute number"));
  column.name = text_in(row[2]);
  SLUICE_TRY(column.type, number_in<Oid>(row[3], "type"));
  SLUICE_TRY(column.typmod, number_in<std::int32_t>(row[4], "type modifier"));
  column.generated = !text_in(row[5]).empty();
  columns_[relation].push_back(std::move(column));
  return {};
}

Result<void> CatalogBuilder::add_function(CatalogRow row) {
  if (rest_->functions.size() >= limits_.functions_max)
    return Error{"the database has more than " + std::to_string(limits_.functions_max) +
                 " functions"};
  Function function;
  SLUICE_TRY(function.oid, number_in<Oid>(row[0], "function"));
  function.schema = text_in(row[1]);
  function.name = text_in(row[2]);
  function.volatility = letter_in(row[3], 'v');
  function.kind = letter_in(row[4], 'f');
  function.language = text_in(row[5]);
  function.returns_set = row[6] == "t";
  function.shape = letter_in(row[7], '?');
  function.outputs = split(text_in(row[8]), '\x1f');
  if (function.shape == 'r' && function.outputs.empty()) function.shape = '?';
  function.shipped = row[9] == "t";
  if (row[10] && !row[10]->empty())
    definitions_.push_back({rest_->functions.size(), std::string{*row[10]}});
  rest_->functions.push_back(std::move(function));
  return {};
}

Result<void> CatalogBuilder::add_type(CatalogRow row) {
  if (rest_->types.size() >= limits_.types_max)
    return Error{"the database has more than " + std::to_string(limits_.types_max) + " types"};
  SLUICE_TRY(const Oid type, number_in<Oid>(row[0], "type"));
  rest_->types.emplace(type, text_in(row[1]));
  return {};
}

Result<void> CatalogBuilder::add_dependent(CatalogRow row) {
  Dependent dependent;
  SLUICE_TRY(dependent.relation, number_in<Oid>(row[0], "relation"));
  SLUICE_TRY(dependent.attnum, number_in<std::int16_t>(row[1], "attribute number"));
  SLUICE_TRY(dependent.source, number_in<Oid>(row[2], "relation"));
  SLUICE_TRY(dependent.source_attnum, number_in<std::int16_t>(row[3], "attribute number"));
  dependents_.push_back(dependent);
  return {};
}

Result<void> CatalogBuilder::add_rewrite(CatalogRow row) {
  Rewrite rewrite;
  SLUICE_TRY(rewrite.relation, number_in<Oid>(row[0], "rule"));
  rewrite.event = letter_in(row[1], ' ');
  rewrite.definition = text_in(row[2]);
  rewrite.locked = row[3] == "t";
  rest_->whole = rest_->whole && !rewrite.locked;
  if (rewrite.definition.size() > limits_.view_definition_bytes_max) rewrite.definition.clear();
  (rewrite.event == kViewEvent ? views_ : rewrites_).push_back(std::move(rewrite));
  return {};
}

Result<void> CatalogBuilder::add_foreign_key(CatalogRow row) {
  ForeignKey key;
  SLUICE_TRY(const Oid parent, number_in<Oid>(row[0], "referenced table"));
  SLUICE_TRY(key.child, number_in<Oid>(row[1], "referring table"));
  key.on_delete = letter_in(row[2], 'a');
  key.on_update = letter_in(row[3], 'a');
  key.referenced = split(text_in(row[4]), '\x1f');
  key.referring = split(text_in(row[5]), '\x1f');
  foreign_keys_.emplace_back(parent, std::move(key));
  return {};
}

Result<void> CatalogBuilder::add_foreign_table(CatalogRow row) {
  ForeignTable table;
  SLUICE_TRY(table.relation, number_in<Oid>(row[0], "foreign table"));
  table.by_name = row[1] == "t";
  table.remote = {ObjectRef::Kind::kTable, text_in(row[2]), text_in(row[3])};
  for (const std::string& pair : split(text_in(row[4]), '\x1f'))
    if (const std::size_t middle = pair.find('\x1e'); middle != std::string::npos)
      table.renamed.emplace(pair.substr(0, middle), pair.substr(middle + 1));
  foreign_tables_.push_back(std::move(table));
  return {};
}

Result<void> CatalogBuilder::add_trigger(CatalogRow row) {
  Trigger trigger;
  SLUICE_TRY(trigger.function, number_in<Oid>(row[0], "a trigger's function"));
  trigger.definition = text_in(row[1]);
  for (const std::string& table : split(text_in(row[2]), '\x1f')) {
    SLUICE_TRY(const Oid oid, number_in<Oid>(table, "a trigger's table"));
    trigger.tables.push_back(oid);
  }
  trigger.of_events = row[3] == "t";
  triggers_.push_back(std::move(trigger));
  return {};
}

Result<std::shared_ptr<const Catalog>> CatalogBuilder::build(
    const std::vector<SensitiveRule>& sensitive, std::uint64_t version) && {
  if (catalog_->relations_.empty() || rest_->functions.empty())
    return Error{"the catalogue is empty: the login cannot read pg_catalog"};
  catalog_->version_ = version;
  attach_columns();
  note_generated();
  index();
  SLUICE_TRY_VOID(attach_standing());
  attach_revisions();
  index_hidden_calls();
  attach_calls();
  attach_checks();
  find_kin();
  attach_foreign_keys();
  attach_temporaries();
  attach_foreign_tables();
  read_bodies();
  mark_rules(sensitive);
  spread_over_inheritance();
  while (mark_dependents() || mark_foreign_tables()) spread_over_inheritance();
  for (const Relation& relation : catalog_->relations_)
    rest_->any_sensitive |= relation.any_sensitive();
  if (rest_->any_sensitive) mark_statistics();
  mark_views();
  // A body may read a view that calls what another body stands for.
  for (std::size_t pass = 0; mark_callers() && pass < limits_.view_depth_max; ++pass) mark_views();
  // Foreign tables of views, and what stands on them.
  while (mark_foreign_tables()) {
    spread_over_inheritance();
    mark_views();
  }
  if (mark_dependents()) mark_views();
  list_sensitive_names();
  read_rewrites();
  read_triggers();
  mark_unnamed_code();
  return std::shared_ptr<const Catalog>{std::move(catalog_)};
}

void CatalogBuilder::attach_columns() {
  for (Relation& relation : catalog_->relations_) {
    const auto found = columns_.find(relation.oid);
    if (found == columns_.end()) continue;
    relation.columns = std::move(found->second);
    std::sort(relation.columns.begin(), relation.columns.end(),
              [](const Column& a, const Column& b) { return a.attnum < b.attnum; });
  }
  columns_.clear();
  std::sort(primary_keys_.begin(), primary_keys_.end());
  for (Relation& relation : catalog_->relations_)
    for (Column& column : relation.columns)
      column.in_primary_key = std::binary_search(primary_keys_.begin(), primary_keys_.end(),
                                                 std::pair{relation.oid, column.attnum});
}

void CatalogBuilder::note_generated() {
  std::unordered_map<Oid, Relation*> by_oid;
  for (Relation& relation : catalog_->relations_) by_oid.emplace(relation.oid, &relation);
  for (const Dependent& dependent : dependents_) {
    if (dependent.relation != dependent.source || dependent.source_attnum == 0) continue;
    const auto found = by_oid.find(dependent.relation);
    if (found == by_oid.end()) continue;
    for (Column& column : found->second->columns)
      if (column.attnum == dependent.attnum && column.generated)
        column.made_of.push_back(dependent.source_attnum);
  }
}

// A key of a child is one of its parent's too: who deletes from the parent deletes there.
void CatalogBuilder::attach_foreign_keys() {
  std::unordered_map<Oid, std::vector<Oid>> parents;
  for (const Inheritance& link : inheritance_) parents[link.child].push_back(link.parent);
  std::unordered_map<Oid, Relation*> by_oid;
  for (Relation& relation : catalog_->relations_) by_oid.emplace(relation.oid, &relation);
  for (const auto& [referenced, key] : foreign_keys_) {
    std::vector<Oid> reached{referenced};
    for (std::size_t i = 0; i < reached.size(); ++i) {
      for (const Oid parent : parents[reached[i]])
        if (std::find(reached.begin(), reached.end(), parent) == reached.end())
          reached.push_back(parent);
      if (const auto found = by_oid.find(reached[i]); found != by_oid.end())
        found->second->referenced_by.push_back(key);
    }
  }
}

void CatalogBuilder::index() {
  for (const Relation& relation : catalog_->relations_) {
    catalog_->relation_by_oid_.emplace(relation.oid, &relation);
    catalog_->relations_by_name_[relation.name].push_back(&relation);
  }
  for (const Function& function : rest_->functions) {
    rest_->function_by_oid.emplace(function.oid, &function);
    rest_->functions_by_name[function.name].push_back(&function);
  }
}

void CatalogBuilder::find_kin() {
  using Links = std::unordered_map<Oid, std::vector<Oid>>;
  Links parents, children;
  for (const Inheritance& link : inheritance_) {
    parents[link.child].push_back(link.parent);
    children[link.parent].push_back(link.child);
  }
  const auto reach = [](const Links& links, Oid from, std::size_t most) {
    std::vector<Oid> found{from};
    std::unordered_set<Oid> met{from};
    for (std::size_t i = 0; i < found.size() && found.size() <= most; ++i)
      if (const auto next = links.find(found[i]); next != links.end())
        for (const Oid oid : next->second)
          if (met.insert(oid).second) found.push_back(oid);
    found.erase(found.begin());
    if (found.size() > most) found.resize(most);
    return found;
  };
  for (Relation& relation : catalog_->relations_) {
    std::vector<Oid> kin = reach(parents, relation.oid, limits_.relations_max);
    const std::vector<Oid> parts = reach(children, relation.oid, Relation::kPartsKnown);
    kin.insert(kin.end(), parts.begin(), parts.end());
    for (const Oid oid : kin)
      if (const Relation* found = catalog_->relation(oid)) relation.kin.push_back(found);
  }
}

void CatalogBuilder::index_hidden_calls() {
  const auto runs_checks = [&](const std::string& function) {
    const auto found = rest_->casts.find(function);
    return found != rest_->casts.end() && !found->second.empty();
  };
  const auto fill = [&](const std::vector<HiddenCall>& calls, auto& by_name) {
    for (const HiddenCall& call : calls) {
      const Function* function = catalog_->function(call.function);
      if (function == nullptr) continue;
      const bool runs_casts =
          (!rest_->casts.empty() && fills_rows(function->name)) || runs_checks(function->name);
      auto& listed = by_name[call.name];
      if ((runs_casts || !runs_unnoticed(*function)) &&
          std::find(listed.begin(), listed.end(), function) == listed.end())
        listed.push_back(function);
    }
    std::erase_if(by_name, [](const auto& entry) { return entry.second.empty(); });
  };
  for (const HiddenCall& call : casts_) {
    const Function* function = catalog_->function(call.function);
    if (call.type == 0 || function == nullptr || computes_only(*function)) continue;
    rest_->checks[call.name].push_back(function);
    rest_->checks_by_type[call.type].push_back(function);
    all_checks_.insert(function);
  }
  if (!all_checks_.empty())
    for (const std::string& name : takes_any_type_)
      rest_->casts[name].assign(all_checks_.begin(), all_checks_.end());
  fill(casts_, rest_->casts);
  fill(casts_, rest_->casts);  // again, for what functions of casts take and give may have checks
  fill(operators_, rest_->operators);
  // Those of extensions in C compare and sort, whatever they call themselves.
  std::erase_if(operator_classes_, [&](const HiddenCall& call) {
    const Function* function = catalog_->function(call.function);
    return function != nullptr && function->shipped && function->language == "c";
  });
  fill(operator_classes_, rest_->operator_classes);
}

}  // namespace sluice::sql
