// SPDX-License-Identifier: Apache-2.0
#include "base/intent_json.h"

#include "base/json_read.h"
#include "base/time_text.h"
#include "base/utf8.h"

#include <boost/json.hpp>

namespace sluice {
namespace {

namespace json = boost::json;

json::array texts_to_json(const std::vector<std::string>& texts) {
  json::array list;
  for (const auto& text : texts) list.emplace_back(to_utf8(text));
  return list;
}

constexpr std::pair<ObjectRef::Kind, std::string_view> kKinds[] = {
    {ObjectRef::Kind::kTable, "table"},
    {ObjectRef::Kind::kFunction, "function"},
    {ObjectRef::Kind::kOther, "other"},
};

json::object object_to_json(const ObjectRef& object) {
  std::string_view kind = "other";
  for (const auto& [value, name] : kKinds)
    if (value == object.kind) kind = name;
  return {{"kind", json::string{kind.data(), kind.size()}},
          {"schema", to_utf8(object.schema)},
          {"name", to_utf8(object.name)}};
}

json::object column_to_json(const ColumnRef& column) {
  return {{"schema", to_utf8(column.schema)},
          {"table", to_utf8(column.table)},
          {"column", to_utf8(column.column)},
          {"sensitive", column.sensitive}};
}

ObjectRef object_from_json(JsonReader& outer, const json::value& value) {
  JsonReader reader{value};
  ObjectRef object;
  const std::string kind = reader.text("kind");
  bool known = false;
  for (const auto& [enumerator, name] : kKinds)
    if (name == kind) object.kind = enumerator, known = true;
  if (!known) reader.fail("'kind' must be table, function or other");
  object.schema = reader.text("schema");
  object.name = reader.text("name");
  if (reader.fault()) outer.fail("objects: " + reader.fault()->text());
  return object;
}

ColumnRef column_from_json(JsonReader& outer, const json::value& value) {
  JsonReader reader{value};
  ColumnRef column{reader.text("schema"), reader.text("table"), reader.text("column"),
                   reader.flag("sensitive")};
  if (reader.fault()) outer.fail("columns: " + reader.fault()->text());
  return column;
}

}  // namespace

json::object run_to_json(const Run& run) {
  return {{"id", run.id},
          {"agent", run.agent},
          {"cgroup_id", run.cgroup_id},
          {"cgroup_path", to_utf8(run.cgroup_path)},
          {"launched_by", to_utf8(run.launched_by)},
          {"on_behalf_of", to_utf8(run.on_behalf_of)},
          {"task", to_utf8(run.task)}};
}

Result<Run> run_from_json(const json::value& value) {
  JsonReader reader{value};
  Run run;
  run.id = reader.text("id");
  run.agent = reader.text("agent");
  run.cgroup_id = reader.number("cgroup_id");
  run.cgroup_path = reader.text("cgroup_path");
  run.launched_by = reader.text("launched_by");
  run.on_behalf_of = reader.text("on_behalf_of");
  run.task = reader.text("task");
  if (reader.fault()) return reader.fault()->within("run");
  return run;
}

json::object intent_to_json(const Intent& intent) {
  json::object object;
  json::array lineage;
  for (const Run& run : *intent.lineage) lineage.push_back(run_to_json(run));
  json::array actions;
  for (const Action action : intent.actions.list()) {
    const std::string_view name = name_of(action);
    actions.emplace_back(json::string{name.data(), name.size()});
  }
  json::array objects;
  for (const ObjectRef& reference : intent.objects) objects.push_back(object_to_json(reference));
  json::array columns;
  for (const ColumnRef& column : intent.columns) columns.push_back(column_to_json(column));
  json::array parameters;
  for (const Parameter& parameter : intent.parameters)
    parameters.push_back(parameter ? json::value(to_utf8(*parameter)) : json::value(nullptr));
  object["lineage"] = std::move(lineage);
  object["resource"] = to_utf8(intent.resource);
  object["protocol"] = intent.protocol;
  object["database"] = to_utf8(intent.database);
  object["statement"] = to_utf8(intent.statement);
  object["fingerprint"] = to_utf8(intent.fingerprint);
  object["actions"] = std::move(actions);
  object["objects"] = std::move(objects);
  object["columns"] = std::move(columns);
  object["parameters"] = std::move(parameters);
  object["unbounded"] = intent.unbounded;
  object["asked_at"] = to_rfc3339(intent.asked_at);
  return object;
}

Result<Intent> intent_from_json(const json::value& value) {
  JsonReader reader{value};
  Intent intent;
  auto lineage = std::make_shared<Lineage>();
  for (const auto& element : reader.list("lineage")) {
    SLUICE_TRY(Run run, run_from_json(element));
    lineage->push_back(std::move(run));
  }
  if (lineage->empty()) reader.fail("'lineage' must not be empty");
  intent.lineage = std::move(lineage);
  intent.resource = reader.text("resource");
  intent.protocol = reader.text("protocol");
  intent.database = reader.text("database");
  intent.statement = reader.text("statement");
  intent.fingerprint = reader.text("fingerprint");
  for (const auto& name : reader.texts("actions")) {
    // A name that this program does not know is of a newer one; it must not vanish from the set.
    intent.actions.add(action_named(name).value_or(Action::kUnknown));
  }
  for (const auto& element : reader.list("objects"))
    intent.objects.push_back(object_from_json(reader, element));
  for (const auto& element : reader.list("columns"))
    intent.columns.push_back(column_from_json(reader, element));
  for (const auto& element : reader.list("parameters")) {
    if (const auto* text = element.if_string())
      intent.parameters.emplace_back(std::string{text->data(), text->size()});
    else if (element.is_null())
      intent.parameters.emplace_back(std::nullopt);
    else
      reader.fail("'parameters' must be strings or null");
  }
  intent.unbounded = reader.flag("unbounded");
  intent.asked_at = reader.time("asked_at");
  if (reader.fault()) return reader.fault()->within("intent");
  return intent;
}

json::object approvers_to_json(const Approvers& approvers) {
  return {{"users", texts_to_json(approvers.users)},
          {"groups", texts_to_json(approvers.groups)},
          {"count", approvers.count}};
}

Result<Approvers> approvers_from_json(const json::value& value) {
  JsonReader reader{value};
  Approvers approvers;
  approvers.users = reader.texts("users");
  approvers.groups = reader.texts("groups");
  approvers.count = static_cast<std::uint32_t>(reader.number("count"));
  if (reader.fault()) return reader.fault()->within("approvers");
  return approvers;
}

}  // namespace sluice
