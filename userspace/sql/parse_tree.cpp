// SPDX-License-Identifier: Apache-2.0
#include "sql/parse_tree.h"

#include <pg_query.h>

#include <boost/json/parse.hpp>
#include <boost/json/parser.hpp>

#include "sql/name_encoding.h"

namespace sluice::sql {
namespace {

template <auto Free, class T>
struct Freed {
  T value;
  explicit Freed(T given) : value(given) {}
  ~Freed() { Free(value); }
  Freed(const Freed&) = delete;
  Freed& operator=(const Freed&) = delete;
};

// An object with one key that begins with a capital is a tagged node; field names begin small.
bool is_tagged(const json::object& object) {
  if (object.size() != 1) return false;
  const auto key = object.begin()->key();
  return !key.empty() && key[0] >= 'A' && key[0] <= 'Z' && object.begin()->value().is_object();
}

Error parse_error(const PgQueryError& error) {
  std::string text = error.message ? error.message : "cannot be parsed";
  if (error.cursorpos > 0) text += " at character " + std::to_string(error.cursorpos);
  return Error{std::move(text)};
}

std::string_view view(const json::string& text) { return {text.data(), text.size()}; }

}  // namespace

Node::Node(const json::value* value) {
  if (!value || !value->is_object()) return;
  const json::object& object = value->get_object();
  if (is_tagged(object)) {
    const auto& pair = *object.begin();
    tag_ = {pair.key().data(), pair.key().size()};
    fields_ = &pair.value().get_object();
  } else {
    fields_ = &object;
  }
}

const json::value* Node::field(std::string_view name) const {
  return fields_ ? fields_->if_contains({name.data(), name.size()}) : nullptr;
}

Node Node::node_as(std::string_view name, std::string_view tag) const {
  const Node found = node(name);
  if (!found) return {};
  return Node{tag, found.fields()};
}

const json::array& Node::list(std::string_view name) const {
  static const json::array kEmpty;
  const json::value* value = field(name);
  return value && value->is_array() ? value->get_array() : kEmpty;
}

std::string_view Node::text(std::string_view name) const {
  const json::value* value = field(name);
  return value && value->is_string() ? view(value->get_string()) : std::string_view{};
}

bool Node::flag(std::string_view name) const {
  const json::value* value = field(name);
  return value && value->is_bool() && value->get_bool();
}

std::int64_t Node::integer(std::string_view name) const {
  const json::value* value = field(name);
  if (!value) return 0;
  if (value->is_int64()) return value->get_int64();
  return 0;
}

std::string_view string_of(const json::value& value) {
  const Node node{&value};
  return node.is("String") ? node.text("sval") : std::string_view{};
}

Node into_of(const Node& select) {
  Node first = select;
  while (first.has("larg")) first = first.node_as("larg", "SelectStmt");
  return first.node("intoClause");
}

std::optional<std::int64_t> integer_constant(const Node& node) {
  if (!node.is("A_Const") || !node.has("ival")) return std::nullopt;
  return node.node("ival").integer("ival");
}

Result<ParseTree> ParseTree::parse(const std::string& text, const Limits& limits) {
  const Freed<pg_query_free_parse_result, PgQueryParseResult> parsed{pg_query_parse(text.c_str())};
  if (parsed.value.error) return parse_error(*parsed.value.error);
  ParseTree tree;
  tree.memory_ = std::make_unique<json::monotonic_resource>(text.size() * 64 + 4096);
  json::parse_options options;
  // A node of the tree is at most three levels of JSON: object, tag, list.
  options.max_depth = limits.tree_depth_max * 3 + 8;
  json::error_code code;
  try {
    json::value root = json::parse(parsed.value.parse_tree, code, tree.memory_.get(), options);
    if (code == json::error::too_deep)
      return Error{"the statement is nested too deeply (limit " +
                   std::to_string(limits.tree_depth_max) + " levels)"};
    if (code) return Error{"the parse tree cannot be read: " + code.message()};
    void* place = tree.memory_->allocate(sizeof(json::value), alignof(json::value));
    tree.root_.reset(::new (place) json::value(std::move(root)));
  } catch (const std::exception& failure) {
    return Error{std::string{"the parse tree cannot be read: "} + failure.what()};
  }
  if (limits.plain_names_only && !all_same_in_every_encoding(*tree.root_))
    return Error{"a name in it is read otherwise in the encoding of this database"};
  return tree;
}

const json::array& ParseTree::statements() const { return Node{root_.get()}.list("stmts"); }

std::string fingerprint_of(const std::string& text) {
  const Freed<pg_query_free_fingerprint_result, PgQueryFingerprintResult> result{
      pg_query_fingerprint(text.c_str())};
  return result.value.fingerprint_str ? result.value.fingerprint_str : "";
}

Result<std::string> parse_plpgsql(const std::string& do_statement) {
  const Freed<pg_query_free_plpgsql_parse_result, PgQueryPlpgsqlParseResult> result{
      pg_query_parse_plpgsql(do_statement.c_str())};
  if (result.value.error) return parse_error(*result.value.error);
  return std::string{result.value.plpgsql_funcs ? result.value.plpgsql_funcs : ""};
}

}  // namespace sluice::sql
