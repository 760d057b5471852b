// SPDX-License-Identifier: Apache-2.0
#include "sql/tree_print.h"

#include <functional>

namespace sluice::sql {
namespace {

std::uint64_t mixed(std::uint64_t print, std::uint64_t more) {
  constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15U;
  print = (print ^ more) * kOdd;
  return print ^ (print >> 29U);
}

std::uint64_t print_of(std::string_view text) { return std::hash<std::string_view>{}(text); }

void add(TreePrint& print, std::uint64_t more) {
  print.exact = mixed(print.exact, more);
  print.without_integers = mixed(print.without_integers, more);
}

void add(TreePrint& print, const TreePrint& part) {
  print.exact = mixed(print.exact, part.exact);
  print.without_integers = mixed(print.without_integers, part.without_integers);
  print.has_integer |= part.has_integer;
  print.has_column |= part.has_column;
}

}  // namespace

TreePrint TreePrints::of(const json::value& value) {
  if (!value.is_object()) return look(value);
  if (const auto found = known_.find(&value); found != known_.end()) return found->second;
  return known_.emplace(&value, look(value)).first->second;
}

TreePrint TreePrints::look(const json::value& value) {
  TreePrint print;
  add(print, static_cast<std::uint64_t>(value.kind()));
  if (value.is_array()) {
    for (const auto& item : value.get_array()) add(print, of(item));
  } else if (value.is_object()) {
    for (const auto& pair : value.get_object()) {
      if (pair.key() == "location") continue;
      add(print, print_of({pair.key().data(), pair.key().size()}));
      add(print, of(pair.value()));
    }
    const Node node{&value};
    print.has_column |= node.is("ColumnRef") || node.is("CurrentOfExpr");
    if (node.is("A_Const") && node.has("ival")) {
      print.has_integer = true;
      print.without_integers = print_of("integer");
    }
  } else if (value.is_string()) {
    add(print, print_of({value.get_string().data(), value.get_string().size()}));
  } else {
    add(print, std::hash<json::value>{}(value));
  }
  return print;
}

}  // namespace sluice::sql
