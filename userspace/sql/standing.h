// SPDX-License-Identifier: Apache-2.0
// What tables and views stand on: whatever takes a part of them with it when it goes away with
// CASCADE, to any depth, and what changes when it changes. It begins with the parts of a table (a
// column is one of its entries with a number), and goes on as the server goes on deleting: to what
// each depends on, from a column to its table, from a whole to what takes it along.
//
// Built of pg_depend's own entries, which are as many as there are objects; what follows from them
// is worked out here, for a query would have to go over each of them once for each table.
#pragma once

#include <sluice/result.h>

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sql/catalog.h"

namespace sluice::sql {

class Standing {
 public:
  // An entry of a system catalogue, by the number of that and its own.
  struct Object {
    Oid catalog = 0, oid = 0;
    auto operator<=>(const Object&) const = default;
  };
  // A column where there is a number, else all of it.
  struct Node {
    Object object;
    std::int32_t column = 0;
    auto operator<=>(const Node&) const = default;
  };
  // One name, and a table or view that stands on what is called so.
  struct Pair {
    std::string name;
    Oid relation = 0;
    char kind = 'o';  // 'i': an index or statistics. 't': a type. 'o': something else
    auto operator<=>(const Pair&) const = default;
  };
  struct Found {
    std::vector<Pair> pairs;                // sorted, each once
    std::vector<std::string> below_rights;  // a policy, a trigger or a rule stands on these
  };

  void depends(const Node& one, const Node& other);
  // Not by an entry of its own: a view takes its rule along, a constraint its index.
  void takes_along(const Object& one, const Object& other);
  void has_row_of(const Object& type, const Object& relation);
  // `rights`: it is a policy, a trigger or a rule.
  void is_part(const Object& part, Oid relation, bool rights);
  void is_called(const Object& object, std::string name, char kind);

  // Error: they stand upon each other too often.
  Result<Found> find(std::size_t steps_max) const;

 private:
  using Place = std::uint32_t;  // of a node
  struct Links {
    std::vector<Place> depends, takes_along;
  };
  struct Part {
    Object object;
    bool rights = false;
  };
  struct Walk;

  Place place_of(const Node& node);

  std::map<Node, Place> places_;  // in order: the columns of an object follow it
  std::vector<Node> nodes_;
  std::vector<Links> links_;
  std::map<Object, Object> rows_;  // of types
  std::map<Oid, std::vector<Part>> parts_;
  std::map<Object, std::pair<std::string, char>> names_;
};

}  // namespace sluice::sql
