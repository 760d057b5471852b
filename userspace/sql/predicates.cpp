// SPDX-License-Identifier: Apache-2.0
#include "sql/predicates.h"

#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "sql/tree_print.h"

namespace sluice::sql {
namespace {

// kNarrow: may differ from row to row, or we cannot prove otherwise.
enum class Truth : std::uint8_t { kAlways, kNever, kNarrow };

class Folder {
 public:
  Truth fold(const json::value* value) {
    const Node node{value};
    if (node.is("A_Const")) return constant(node);
    if (node.is("BoolExpr")) return boolean(node);
    if (node.is("A_Expr")) return comparison(node);
    if (node.is("NullTest")) return null_test(node);
    if (node.is("BooleanTest")) return boolean_test(node);
    if (node.is("TypeCast")) return fold(node.field("arg"));
    if (node.is("CollateClause")) return fold(node.field("arg"));
    return without_columns(value);
  }
  bool literals_matter = false;

 private:
  Truth without_columns(const json::value* value) {
    if (!value || prints_.of(*value).has_column) return Truth::kNarrow;
    literals_matter |= prints_.of(*value).has_integer;
    return Truth::kAlways;
  }

  Truth constant(const Node& node) {
    if (node.flag("isnull")) return Truth::kNever;
    if (node.has("boolval"))
      return node.node("boolval").flag("boolval") ? Truth::kAlways : Truth::kNever;
    if (node.has("ival")) {
      literals_matter = true;
      return Truth::kAlways;
    }
    const std::string_view text = node.node("sval").text("sval");
    // Prefixes of "false", "no" and the like; everything else of a string is taken as true.
    for (const std::string_view word : {"f", "false", "n", "no", "off", "0"})
      if (text == word) return Truth::kNever;
    return Truth::kAlways;
  }

  Truth boolean(const Node& node) {
    const std::string_view op = node.text("boolop");
    bool all = true, any = false, never = true, one_never = false;
    for (const auto& argument : node.list("args")) {
      const Truth truth = fold(&argument);
      all &= truth == Truth::kAlways;
      any |= truth == Truth::kAlways;
      never &= truth == Truth::kNever;
      one_never |= truth == Truth::kNever;
    }
    if (op == "OR_EXPR")
      return any || complementary(node) ? Truth::kAlways : never ? Truth::kNever : Truth::kNarrow;
    if (op == "NOT_EXPR") return never ? Truth::kAlways : all ? Truth::kNever : Truth::kNarrow;
    return one_never ? Truth::kNever : all ? Truth::kAlways : Truth::kNarrow;
  }

  // "p OR NOT p", "x IS NULL OR x IS NOT NULL", "x < 1 OR x >= 1".
  bool complementary(const Node& node) {
    TreeSet plain, negated;
    std::unordered_map<std::uint64_t, Sides> sides;
    TreeSet compared;
    bool found = false;
    for (const auto& item : node.list("args")) {
      const Node argument{&item};
      found |= meets(item, plain, negated);
      if (argument.is("BoolExpr") && argument.text("boolop") == "NOT_EXPR" &&
          argument.list("args").size() == 1)
        found |= meets(argument.list("args")[0], negated, plain);
      if (argument.is("NullTest") && argument.field("arg"))
        found |= sides[prints_.of(*argument.field("arg")).exact].null_test(
            argument.text("nulltesttype"));
      const json::value *left = argument.field("lexpr"), *right = argument.field("rexpr");
      if (!argument.is("A_Expr") || !left || !right) continue;
      literals_matter |= !compared.add(prints_.of(*left)) && prints_.of(*left).has_integer;
      found |= splits(sides[prints_.of(*left).exact], operator_of(argument), *right);
    }
    return found;
  }

  // Prints of trees, also with their integers left out.
  struct TreeSet {
    std::unordered_set<std::uint64_t> exact, without_integers;
    // False: one that differs in integers at most was there.
    bool add(const TreePrint& print) {
      exact.insert(print.exact);
      return without_integers.insert(print.without_integers).second;
    }
  };

  // What is said of one expression: the bounds that are set to it.
  struct Sides {
    bool up = false, down = false, null = false, not_null = false;
    TreeSet equal, unequal;
    bool null_test(std::string_view type) {
      (type == "IS_NULL" ? null : not_null) = true;
      return null && not_null;
    }
  };

  // Adds the tree to `mine`; true if it is among `others`.
  bool meets(const json::value& tree, TreeSet& mine, const TreeSet& others) {
    const TreePrint print = prints_.of(tree);
    mine.add(print);
    literals_matter |=
        print.has_integer && others.without_integers.contains(print.without_integers);
    return others.exact.contains(print.exact);
  }

  // Whether two bounds meet may hang on numbers: ranges that open away from each other ("x > 1 OR x
  // < 5") are taken as everything, whatever the numbers.
  bool splits(Sides& sides, std::string_view op, const json::value& right) {
    if (op == "=") return meets(right, sides.equal, sides.unequal);
    if (op == "<>") return meets(right, sides.unequal, sides.equal);
    sides.up |= op == ">" || op == ">=";
    sides.down |= op == "<" || op == "<=";
    return sides.up && sides.down;
  }

  bool same(const json::value& a, const json::value& b) {
    const TreePrint left = prints_.of(a), right = prints_.of(b);
    literals_matter |= left.has_integer && right.has_integer;
    return left.exact == right.exact;
  }

  static std::string_view operator_of(const Node& node) {
    const auto& name = node.list("name");
    return name.empty() ? std::string_view{} : string_of(name[name.size() - 1]);
  }

  static bool is_everything_pattern(const Node& node) {
    if (!node.is("A_Const") || !node.has("sval")) return false;
    const std::string_view pattern = node.node("sval").text("sval");
    return !pattern.empty() && pattern.find_first_not_of('%') == std::string_view::npos;
  }

  Truth comparison(const Node& node) {
    const json::value *left = node.field("lexpr"), *right = node.field("rexpr");
    if (!left || !right) return Truth::kNarrow;
    const std::string_view kind = node.text("kind"), op = operator_of(node);
    if ((kind == "AEXPR_LIKE" || kind == "AEXPR_ILIKE") && !op.starts_with('!') &&
        is_everything_pattern(Node{right}))
      return Truth::kAlways;
    if (kind == "AEXPR_IN" && op == "=") return in_list(*left, *right);
    const bool distinct = kind == "AEXPR_DISTINCT", not_distinct = kind == "AEXPR_NOT_DISTINCT";
    if (kind != "AEXPR_OP" && !distinct && !not_distinct)
      return without_columns_pair(*left, *right);
    if (const auto known = constants(op, Node{left}, Node{right}); known && kind == "AEXPR_OP")
      return *known ? Truth::kAlways : Truth::kNever;
    if (distinct && (Node{left}.flag("isnull") || Node{right}.flag("isnull")))
      return Truth::kAlways;  // another way to write IS NOT NULL
    const bool reflexive = not_distinct || op == "=" || op == "<=" || op == ">=";
    if (!distinct && reflexive && same(*left, *right)) return Truth::kAlways;
    return without_columns_pair(*left, *right);
  }

  Truth in_list(const json::value& left, const json::value& right) {
    for (const auto& item : Node{&right}.list("items"))
      if (same(left, item)) return Truth::kAlways;
    return without_columns_pair(left, right);
  }

  Truth without_columns_pair(const json::value& left, const json::value& right) {
    return without_columns(&left) == Truth::kAlways && without_columns(&right) == Truth::kAlways
               ? Truth::kAlways
               : Truth::kNarrow;
  }

  std::optional<bool> constants(std::string_view op, const Node& left, const Node& right) {
    int order = 0;
    const auto a = integer_constant(left), b = integer_constant(right);
    if (a && b) {
      literals_matter = true;
      order = *a < *b ? -1 : *a > *b ? 1 : 0;
    } else if (left.is("A_Const") && right.is("A_Const") && left.has("sval") && right.has("sval") &&
               (op == "=" || op == "<>")) {
      order = left.node("sval").text("sval") == right.node("sval").text("sval") ? 0 : 1;
    } else {
      return std::nullopt;
    }
    if (op == "=") return order == 0;
    if (op == "<>") return order != 0;
    if (op == "<") return order < 0;
    if (op == "<=") return order <= 0;
    if (op == ">") return order > 0;
    if (op == ">=") return order >= 0;
    return std::nullopt;
  }

  // IS NOT NULL keeps every row of a column that has a value in every row, which is the usual.
  Truth null_test(const Node& node) {
    if (node.text("nulltesttype") == "IS_NOT_NULL") return Truth::kAlways;
    return Truth::kNarrow;
  }

  Truth boolean_test(const Node& node) {
    const std::string_view test = node.text("booltesttype");
    if (test == "IS_NOT_UNKNOWN") return Truth::kAlways;
    const Truth inner = fold(node.field("arg"));
    if (inner == Truth::kNarrow) return Truth::kNarrow;
    const bool wants_true = test == "IS_TRUE" || test == "IS_NOT_FALSE";
    const bool wants_false = test == "IS_FALSE" || test == "IS_NOT_TRUE";
    if ((wants_true && inner == Truth::kAlways) || (wants_false && inner == Truth::kNever))
      return Truth::kAlways;
    return Truth::kNever;
  }

  TreePrints prints_;
};

}  // namespace

PredicateFinding examine_predicate(const json::value* where) {
  if (!where) return {.unbounded = true, .literals_matter = false};
  Folder folder;
  const Truth truth = folder.fold(where);
  return {.unbounded = truth == Truth::kAlways, .literals_matter = folder.literals_matter};
}

}  // namespace sluice::sql
