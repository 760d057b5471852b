// SPDX-License-Identifier: Apache-2.0
#include "approval/binding.h"

namespace sluice::approval {
namespace {

// Each part behind its length, so that no choice of names or text can move a border between parts.
void put(std::string& out, std::string_view part) {
  out.append(std::to_string(part.size())).append(":").append(part);
}

void put_count(std::string& out, std::size_t count) {
  out.append("[").append(std::to_string(count)).append("]");
}

}  // namespace

std::string binding_of(const Intent& intent, const Verdict& verdict) {
  std::string out;
  put_count(out, intent.lineage->size());
  for (const Run& run : *intent.lineage) put(out, run.id);
  put(out, intent.resource);
  put(out, intent.protocol);
  put(out, intent.database);
  put(out, intent.statement);
  put(out, std::to_string(intent.actions.bits()));
  put(out, intent.unbounded ? "unbounded" : "bounded");
  put_count(out, intent.parameters.size());
  for (const Parameter& parameter : intent.parameters) {
    out.append(parameter ? "=" : "n");
    if (parameter) put(out, *parameter);
  }
  put(out, intent.unshown_digest);
  put_count(out, intent.objects.size());
  for (const ObjectRef& object : intent.objects) {
    put(out, std::to_string(static_cast<int>(object.kind)));
    put(out, object.schema);
    put(out, object.name);
  }
  put_count(out, intent.columns.size());
  for (const ColumnRef& column : intent.columns) {
    put(out, column.schema);
    put(out, column.table);
    put(out, column.column);
    out.append(column.sensitive ? "s" : "-");
  }
  put(out, verdict.rule);
  put(out, verdict.agent);
  put_count(out, verdict.approvers.users.size());
  for (const auto& user : verdict.approvers.users) put(out, user);
  put_count(out, verdict.approvers.groups.size());
  for (const auto& group : verdict.approvers.groups) put(out, group);
  put(out, std::to_string(verdict.approvers.count));
  return out;
}

}  // namespace sluice::approval
