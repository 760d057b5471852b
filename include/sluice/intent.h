// SPDX-License-Identifier: Apache-2.0
// What is asked of the policy. The same struct is shown to the approver, written to the recording
// and replayed against a candidate policy, so it holds everything that a verdict may depend on, and
// nothing secret.
#pragma once

#include <sluice/action.h>
#include <sluice/clock.h>
#include <sluice/identity.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sluice {

// A table, view, function, ... that the statement names or reaches. An empty schema means that the
// statement did not say one and the catalogue could not tell; such a reference matches a pattern of
// any schema.
struct ObjectRef {
  enum class Kind : std::uint8_t { kTable, kFunction, kOther };
  Kind kind = Kind::kTable;
  std::string schema;
  std::string name;
  bool operator==(const ObjectRef&) const = default;
};

struct ColumnRef {
  std::string schema;
  std::string table;
  std::string column;
  bool sensitive = false;
  bool operator==(const ColumnRef&) const = default;
};

// A bound parameter as text; nullopt is SQL NULL. Binary values are rendered, or shown as "\x..."
// if of unknown type.
using Parameter = std::optional<std::string>;

// What the planner may be asked of a statement before anybody approved it.
struct PlanQuestion {
  std::string statement;
  std::vector<Parameter> parameters;
  std::vector<std::string> schemas;  // where its tables are
};

struct Intent {
  std::shared_ptr<const Lineage> lineage;  // never null
  std::string resource;                    // name in the policy
  std::string protocol;                    // "postgres"
  std::string database;
  std::string
      statement;  // text exactly as the agent sent it; at most the session's statement limit
  std::string fingerprint;
  ActionSet actions;
  std::vector<ObjectRef> objects;
  std::vector<ColumnRef> columns;
  std::vector<Parameter> parameters;
  // Of what was held, what is not shown but decides: all bytes of the parameters, their formats and
  // declared types; what its names stand for and reach; the row that a cursor is at. An approval is
  // compared by it; it is neither shown nor recorded.
  std::string unshown_digest;
  bool unbounded = false;  // an UPDATE or DELETE without WHERE, or with one that is always true
  WallTime asked_at{};
};

}  // namespace sluice
