// SPDX-License-Identifier: Apache-2.0
// Lineage of the FROM clause.
#include <algorithm>
#include <unordered_map>

#include "sql/action_walker.h"
#include "sql/builtin_names.h"
#include "sql/lineage.h"

namespace sluice::sql {
namespace {

const Field* field_named(const Row& row, std::string_view name) {
  for (const Field& field : row.fields)
    if (field.name == name) return &field;
  return nullptr;
}

// Of PostgreSQL's own in information_schema.
bool is_everyday_name(const Relation& relation) {
  return relation.schema == "information_schema" && relation.oid < kFirstUserOid;
}

bool has_unknown_names(const Row& row) { return row.rest || field_named(row, {}) != nullptr; }

bool is_listed(const std::vector<std::string_view>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// One row for several relations of a name: by name, the worst of each. True if all have the same
// columns in the same order. `looks`: how many it took.
bool merge_candidate(Row& into, const Row& next, std::size_t& looks) {
  bool same_shape = into.fields.size() == next.fields.size();
  for (std::size_t i = 0; i < next.fields.size(); ++i) {
    const Field& field = next.fields[i];
    const auto is_same = [&](const Field& f) { return f.name == field.name; };
    const bool in_place = i < into.fields.size() && is_same(into.fields[i]);
    looks += in_place ? 1 : into.fields.size();
    const auto same = in_place ? into.fields.begin() + static_cast<std::ptrdiff_t>(i)
                               : std::find_if(into.fields.begin(), into.fields.end(), is_same);
    if (same == into.fields.end()) {
      same_shape = false;
      into.fields.push_back(field);
    } else {
      same_shape &= static_cast<std::size_t>(same - into.fields.begin()) == i;
      same->value = either(same->value, field.value);
    }
  }
  return same_shape;
}

}  // namespace

void Lineage::from(const json::array& list, Scope& scope, const Ctes* ctes) {
  for (const auto& item : list) {
    FromItem next = from_item(Node{&item}, scope.outer, scope, ctes);
    scope.sources.insert(scope.sources.end(), next.sources.begin(), next.sources.end());
    append(scope.columns, next.columns);
  }
}

// Of what the same FROM has in front.
std::size_t Lineage::sensitive_uses(const Scope& lateral, const Scope* outer) {
  std::size_t uses = 0;
  for (const Scope* level = &lateral; level && level != outer; level = level->outer)
    uses += level->sensitive_uses;
  return uses;
}

// What stands for each row of the items in front may be kept for the next one with the same values:
// how often it is read then tells which are the same.
Lineage::FromItem Lineage::from_item(const Node& node, const Scope* outer, const Scope& lateral,
                                     const Ctes* ctes) {
  const std::size_t traces = traces_, uses = sensitive_uses(lateral, outer);
  FromItem item = any_item(node, outer, lateral, ctes);
  const bool depends = sensitive_uses(lateral, outer) != uses;
  if (depends && (traces_ != traces || whole(item.columns).traced)) search(opaque_value());
  return item;
}

Lineage::FromItem Lineage::any_item(const Node& node, const Scope* outer, const Scope& lateral,
                                    const Ctes* ctes) {
  if (!spend() || depth_ > facts_.limits().tree_depth_max)
    return named(opaque_row(), {}, {}, false);
  ++depth_;
  FromItem item;
  if (node.is("RangeVar")) {
    item = from_relation(node, ctes);
    if (options_.trigger_rows && node.text("schemaname").empty()) may_be_transition(item, node);
  } else if (node.is("RangeSubselect")) {
    Row row = query(node.node("subquery"), node.flag("lateral") ? &lateral : outer, ctes);
    item = named(carried(std::move(row)), node.node("alias"), {}, false);
  } else if (node.is("RangeFunction")) {
    item = from_function(node, lateral, ctes);
  } else if (node.is("RangeTableFunc")) {
    item = from_xml_table(node, lateral, ctes);
  } else if (node.is("RangeTableSample")) {
    Scope apart;  // earlier items of FROM are not seen here
    apart.outer = outer;
    search(evaluate_all(node.list("args"), apart, ctes));
    search(evaluate(node.field("repeatable"), apart, ctes));
    item = from_item(node.node("relation"), outer, lateral, ctes);
  } else if (node.is("JoinExpr")) {
    item = from_join(node, outer, lateral, ctes);
  } else {
    saw_opaque_ = true;
    item = named(opaque_row(), node.node("alias"), {}, false);
  }
  --depth_;
  return item;
}

Lineage::FromItem Lineage::named(Row row, const Node& alias, std::string_view own_name,
                                 bool is_table) {
  FromItem item;
  Source source;
  if (is_table && alias && alias.has("colnames"))
    source.passed_on = std::make_shared<const Row>(row);
  if (alias) rename(row, strings_of(alias.list("colnames")));
  item.columns = row;
  source.is_alias = static_cast<bool>(alias);
  source.name = alias ? alias.text("aliasname") : own_name;
  source.is_table = is_table;
  if (any_not_in_star(row)) source.passed_on = std::make_shared<const Row>(all_in_star(row));
  source.row = std::make_shared<const Row>(std::move(row));
  if (!source.passed_on) source.passed_on = source.row;
  if (!source.name.empty()) item.sources.push_back(std::move(source));
  return item;
}

Lineage::FromItem Lineage::from_relation(const Node& node, const Ctes* ctes) {
  const std::string_view schema = node.text("schemaname"), name = node.text("relname");
  ++traces_;  // the server counts how often it reads a table
  if (schema.empty()) {
    for (const Ctes* cte = ctes; cte; cte = cte->outer)
      if (!spend())
        break;
      else if (cte->name == name)
        return named(cte->level == level_ ? all_in_star(carried(cte->row)) : carried(cte->row),
                     node.node("alias"), name, false);
  }
  return from_table(readable_row(schema, name), node);
}

Lineage::FromItem Lineage::from_table(Row row, const Node& node) {
  FromItem item = named(std::move(row), node.node("alias"), node.text("relname"), true);
  for (Source& source : item.sources) source.schema = node.text("schemaname");
  return item;
}

// In a trigger's function a name may be that of its transition table, whose columns are those of a
// table that is not known.
void Lineage::may_be_transition(FromItem& item, const Node& node) {
  const bool is_cte = item.sources.empty() || !item.sources.front().is_table;
  if (is_cte || !facts_.catalog().any_sensitive()) return;
  Row row = std::move(item.columns);
  if (!node.node("alias").list("colnames").empty()) row = opaque_row();
  for (Field& field : row.fields)
    if (facts_.catalog().names_sensitive(field.name)) field.value = opaque_value();
  row.rest = opaque_value();
  item.columns = row;
  item.sources.front().row = std::make_shared<const Row>(std::move(row));
}

// What it is when it is read. Views of information_schema have everyday names, and few sessions
// search there: so a table of such a name keeps its columns as they are, and is open besides.
Row Lineage::readable_row(std::string_view schema, std::string_view name) {
  Row out = relation_row(schema, name);
  const auto named = facts_.catalog().relations_named(name);
  if (!schema.empty() || named.size() < 2) return out;
  for (const Relation* relation : named) {
    if (!is_everyday_name(*relation)) continue;
    const Value view = whole(row_of(*relation));
    if (!spend(relation->columns.size())) return opaque_row();
    out.rest = out.rest ? derived_from(*out.rest, view) : view;
  }
  return out;
}

// One that was made with a schema need not be what its bare name means, unless everybody looks
// there.
static Row row_by_name(const Relation& relation, std::string_view schema) {
  Row row = row_of(relation);
  const bool is_looked_for =
      relation.schema.empty() || relation.schema == "public" || relation.schema == "pg_temp";
  if (!schema.empty() || is_looked_for) return row;
  for (Field& field : row.fields) field.value.of_session = false;
  if (row.rest) row.rest->of_session = false;
  return row;
}

// All relations that the name may mean, in whatever order the session looks for them.
Row Lineage::relation_row(std::string_view schema, std::string_view name) {
  std::vector<const Relation*> candidates;
  for (const Relation* relation : facts_.catalog().relations_named(name))
    if (relation->may_be_in(schema)) candidates.push_back(relation);
  if (schema.empty() && candidates.size() > 1)
    std::erase_if(candidates, [](const Relation* one) { return is_everyday_name(*one); });
  std::size_t columns = 0;
  for (const Relation* relation : candidates) {
    columns += relation->columns.size();
    saw_opaque_ |=
        relation->holds_anything() || (relation->columns_unknown && relation->any_sensitive());
  }
  const bool all_gone = std::all_of(candidates.begin(), candidates.end(),
                                    [](const Relation* one) { return one->may_be_gone; });
  if (facts_.catalog().any_name_is_unknown() || all_gone || !spend(candidates.size() + columns)) {
    saw_opaque_ = true;
    return opaque_row();
  }
  Row out = carried(row_by_name(*candidates[0], schema));
  if (candidates.size() == 1) return out;
  std::optional<Value> rest = std::move(out.rest);
  bool same_shape = !rest;
  for (std::size_t i = 1; i < candidates.size(); ++i) {
    std::size_t looks = 0;
    const Row next = row_by_name(*candidates[i], schema);
    same_shape &= merge_candidate(out, next, looks) && !next.rest;
    if (next.rest) rest = rest ? derived_from(*rest, *next.rest) : *next.rest;
    if (!spend(looks)) return opaque_row();
  }
  std::unordered_map<std::string_view, std::size_t> having;
  if (!same_shape)
    for (const Relation* relation : candidates)
      for (const Column& column : relation->columns) ++having[column.name];
  // Where the one that is meant has no such column there is an error, or "t.name" calls a function.
  const auto may_call = [&](std::string_view column) {
    return is_builtin_of_rows(column) || facts_.catalog().any_cast_of_rows();
  };
  const Value any = derived_from(whole(out), rest.value_or(clear_value()));
  for (Field& field : out.fields) {
    const bool in_all = same_shape || having[field.name] == candidates.size();
    if (!in_all && may_call(field.name)) field.value = derived_from(field.value, any);
    // One whose columns are not known may have it.
    if (!in_all && rest) field.value = derived_from(field.value, *rest);
    field.value.relation = 0;
    field.value.attnum = 0;
  }
  // Which columns there are, and in what order, depends on which relation is meant.
  if (!same_shape) out.rest = any;
  return out;
}

Row Lineage::function_row(const json::value* expression, std::string_view alias, const Scope& scope,
                          const Ctes* ctes) {
  const Node call{expression};
  const Value result = changed(evaluate(expression, scope, ctes));
  Row row;
  if (!call.is("FuncCall")) {
    row.fields.push_back({alias.empty() ? name_given_to(call) : alias, result, nullptr});
    // CURRENT_DATE is one value; COALESCE, CAST and others give rows, too.
    if (!call.is("SQLValueFunction")) row.rest = result;
    return row;
  }
  const auto [schema, name] = split_name(call.list("funcname"));
  const FunctionEffect effect = effect_of_function(facts_.catalog(), schema, name);
  if (effect.shape == 'r') {
    for (const Function* function : facts_.catalog().functions_named(name))
      if (schema.empty() || function->schema == schema) {
        // The names must outlive us: take them from the catalogue. All candidates agree on them.
        for (const std::string& output : function->outputs)
          row.fields.push_back({output, result, nullptr});
        break;
      }
    return carried(std::move(row));
  }
  row.fields.push_back({alias.empty() ? name : alias, result, nullptr});
  if (effect.shape != 's') row.rest = result;
  return row;
}

Lineage::FromItem Lineage::from_function(const Node& node, const Scope& lateral, const Ctes* ctes) {
  const Node alias = node.node("alias");
  const auto& functions = node.list("functions");
  Row row;
  for (const auto& item : functions) {
    const auto& pair = Node{&item}.list("items");
    const std::string_view name =
        functions.size() == 1 && alias ? alias.text("aliasname") : std::string_view{};
    Row next = function_row(pair.empty() ? nullptr : &pair[0], name, lateral, ctes);
    // "ROWS FROM (f() AS (a int, b text))"
    const Node definitions{pair.size() > 1 ? &pair[1] : nullptr};
    const json::array& defined =
        definitions.is("List") ? definitions.list("items") : node.list("coldeflist");
    if (!defined.empty()) {
      const Value value = whole(next);
      next = Row{};
      for (const auto& definition : defined)
        next.fields.push_back({Node{&definition}.text("colname"), value, nullptr});
    }
    append(row, next);
  }
  if (node.flag("ordinality")) {
    if (row.rest && !row.rest->sensitive()) row.rest = clear_value();
    row.fields.push_back({"ordinality", {}, nullptr});
  }
  for (const Node& type : column_types_of(node))
    if (runs_hidden_cast(type)) copy(whole(row));
  const Node first{functions.empty() ? nullptr : &functions[0]};
  const auto& first_pair = first.list("items");
  const Node first_call{first_pair.empty() ? nullptr : &first_pair[0]};
  FromItem item = named(std::move(row), alias, name_given_to(first_call), false);
  // Whatever is looked for in it is not known.
  if (item.sources.empty()) {
    const auto unknown = std::make_shared<const Row>(opaque_row());
    item.sources.push_back({.name = {}, .row = unknown, .passed_on = unknown});
  }
  return item;
}

Lineage::FromItem Lineage::from_xml_table(const Node& node, const Scope& lateral,
                                          const Ctes* ctes) {
  Value value = derived_from(evaluate(node.field("docexpr"), lateral, ctes),
                             evaluate(node.field("rowexpr"), lateral, ctes));
  value = derived_from(value, evaluate_all(node.list("namespaces"), lateral, ctes));
  search(value);  // as many rows as the document says
  Row row;
  for (const auto& item : node.list("columns")) {
    const Node column{&item};
    // The default is computed where the path finds nothing.
    const Value parts =
        in_turn({column.field("colexpr"), column.field("coldefexpr")}, lateral, ctes);
    row.fields.push_back({column.text("colname"), derived_from(value, parts), nullptr});
    if (runs_hidden_cast(column.node_as("typeName", "TypeName"))) copy(row.fields.back().value);
  }
  return named(std::move(row), node.node("alias"), "xmltable", false);
}

Lineage::FromItem Lineage::from_join(const Node& node, const Scope* outer, const Scope& lateral,
                                     const Ctes* ctes) {
  const FromItem left = from_item(node.node("larg"), outer, lateral, ctes);
  Scope beside;  // what the right side may see when it is LATERAL
  beside.outer = &lateral;
  const auto size_of = [](const FromItem& item) {
    return item.sources.size() + item.columns.fields.size();
  };
  if (!spend(Effort::kPerCopy * size_of(left))) return named(opaque_row(), {}, {}, false);
  beside.sources = left.sources;
  beside.columns = left.columns;
  const FromItem right = from_item(node.node("rarg"), outer, beside, ctes);
  if (!spend(2 * Effort::kPerCopy * (size_of(left) + size_of(right))))
    return named(opaque_row(), {}, {}, false);
  FromItem out;
  out.sources = left.sources;
  out.sources.insert(out.sources.end(), right.sources.begin(), right.sources.end());
  if (const json::value* condition = node.field("quals")) {
    Scope both;  // and not what stands before the join
    both.outer = outer;
    both.sources = out.sources;
    both.columns = left.columns;
    append(both.columns, right.columns);
    search(evaluate(condition, both, ctes));
  }
  Row merged;
  join_columns(node, left, right, merged, out.columns);
  if (const Node alias = node.node("alias")) return named(std::move(out.columns), alias, {}, false);
  if (const Node alias = node.node_as("join_using_alias", "Alias")) {
    FromItem extra = named(std::move(merged), alias, {}, false);
    out.sources.insert(out.sources.end(), extra.sources.begin(), extra.sources.end());
  }
  return out;
}

// USING and NATURAL show each shared column once, in front.
void Lineage::join_columns(const Node& node, const FromItem& left, const FromItem& right,
                           Row& merged, Row& columns) {
  std::vector<std::string_view> shared = strings_of(node.list("usingClause"));
  bool any_for_star = false;
  const bool open = has_unknown_names(left.columns) || has_unknown_names(right.columns);
  const std::size_t sizes = left.columns.fields.size() + right.columns.fields.size();
  if (node.flag("isNatural") && spend(left.columns.fields.size() * right.columns.fields.size()))
    for (const Field& field : left.columns.fields)
      if (field_named(right.columns, field.name)) shared.push_back(field.name);
  if (!spend(2 * shared.size() * sizes)) {
    columns = opaque_row();
    return;
  }
  for (const auto name : shared) {
    const Field* a = field_named(left.columns, name);
    const Field* b = field_named(right.columns, name);
    const Value left_value = a ? use(*a) : opaque_value();
    const Value right_value = b ? use(*b) : opaque_value();
    any_for_star |= (a && a->not_in_star) || (b && b->not_in_star);
    Value both = either(left_value, right_value);
    search(both);
    if (runs_hidden_operator(node)) copy(both);
    both.relation = 0;
    both.attnum = 0;
    merged.fields.push_back({name, both, nullptr});
  }
  // Which columns they share is not known then, and a shared one shows the other side's value.
  const bool shares_unknown = any_for_star || (node.flag("isNatural") && open);
  const Value any = derived_from(whole(left.columns), whole(right.columns));
  if (shares_unknown) search(any);
  // Whether a star stands for what SEARCH or CYCLE made, and is shared, depends on types.
  if (any_for_star) merged.rest = any;
  columns = merged;
  for (const FromItem* side : {&left, &right}) {
    for (const Field& field : side->columns.fields)
      if (!is_listed(shared, field.name)) {
        columns.fields.push_back(field);
        if (shares_unknown)
          columns.fields.back().value = derived_from(columns.fields.back().value, any);
      }
    if (side->columns.rest)
      columns.rest =
          columns.rest ? derived_from(*columns.rest, *side->columns.rest) : *side->columns.rest;
  }
}

}  // namespace sluice::sql
