// SPDX-License-Identifier: Apache-2.0
// PostgreSQL's own parse tree of a text, and views of its nodes. libpg_query writes a node whose
// type the field does not fix as {"Tag": {...}}, another as {...}; absent means zero.
#pragma once

#include <sluice/result.h>

#include <boost/json/monotonic_resource.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "sql/limits.h"

namespace sluice::sql {

namespace json = boost::json;

// A view of one node: a tag ("" where the field fixes the type) and its fields. Lives as long as
// the ParseTree.
class Node {
 public:
  Node() = default;
  explicit Node(const json::value* value);
  Node(std::string_view tag, const json::object* fields) : tag_(tag), fields_(fields) {}

  explicit operator bool() const { return fields_ != nullptr; }
  std::string_view tag() const { return tag_; }
  bool is(std::string_view tag) const { return fields_ != nullptr && tag_ == tag; }
  const json::object* fields() const { return fields_; }

  const json::value* field(std::string_view name) const;
  bool has(std::string_view name) const { return field(name) != nullptr; }
  Node node(std::string_view name) const { return Node{field(name)}; }
  // The node of a field whose type is fixed: gives it the tag that libpg_query leaves out.
  Node node_as(std::string_view name, std::string_view tag) const;
  // Never null; an absent list is empty.
  const json::array& list(std::string_view name) const;
  std::string_view text(std::string_view name) const;
  bool flag(std::string_view name) const;
  std::int64_t integer(std::string_view name) const;

 private:
  std::string_view tag_;
  const json::object* fields_ = nullptr;
};

// The text of a String node, "" for another node.
std::string_view string_of(const json::value& value);
// The INTO of a query; of a set operation it stands in the first one.
Node into_of(const Node& select);
// An integer constant (A_Const.ival; an omitted value is 0).
std::optional<std::int64_t> integer_constant(const Node& node);

class ParseTree {
 public:
  // The text must have passed check_text() (text_guard.h). Errors say where.
  static Result<ParseTree> parse(const std::string& text, const Limits& limits);
  // The statements: objects with "stmt", "stmt_location", "stmt_len".
  const json::array& statements() const;

 private:
  ParseTree() = default;
  // The values live in the resource: it goes last.
  std::unique_ptr<json::monotonic_resource> memory_;
  std::unique_ptr<json::value, void (*)(json::value*)> root_{nullptr, [](json::value*) {}};
};

// 16 hex digits, "" where PostgreSQL's parser has none.
std::string fingerprint_of(const std::string& text);
// The tree of a DO statement's PL/pgSQL, as JSON text.
Result<std::string> parse_plpgsql(const std::string& do_statement);

}  // namespace sluice::sql
