// SPDX-License-Identifier: Apache-2.0
#include "sql/standing.h"

#include <algorithm>
#include <utility>

namespace sluice::sql {
namespace {

constexpr Oid kPgNamespace = 2615;
// To keep a name takes as much as so many steps.
constexpr std::size_t kStepsOfName = 4;

}  // namespace

Standing::Place Standing::place_of(const Node& node) {
  const auto [found, is_new] = places_.emplace(node, static_cast<Place>(nodes_.size()));
  const Place place = found->second;
  if (!is_new) return place;
  nodes_.push_back(node);
  links_.emplace_back();
  if (node.column == 0) return place;
  // A column goes with its table.
  const Place whole = place_of({node.object});
  links_[place].takes_along.push_back(whole);
  return place;
}

void Standing::depends(const Node& one, const Node& other) {
  const Place from = place_of(one), to = place_of(other);
  links_[from].depends.push_back(to);
}

void Standing::takes_along(const Object& one, const Object& other) {
  const Place from = place_of({one}), to = place_of({other});
  links_[from].takes_along.push_back(to);
}

void Standing::has_row_of(const Object& type, const Object& relation) {
  place_of({type});
  rows_.emplace(type, relation);
}

void Standing::is_part(const Object& part, Oid relation, bool rights) {
  parts_[relation].push_back({part, rights});
}

void Standing::is_called(const Object& object, std::string name, char kind) {
  names_.emplace(object, std::pair{std::move(name), kind});
}

// From the parts of one table to all that it stands on.
struct Standing::Walk {
  const Standing& all;
  std::vector<std::uint32_t> met_by;  // by place: the number of the walk that was last there
  std::uint32_t number = 0;
  std::vector<Place> reached;
  std::size_t steps_left;
  bool spent = false;

  Walk(const Standing& standing, std::size_t steps_max)
      : all(standing), met_by(standing.nodes_.size()), steps_left(steps_max) {}

  bool spend(std::size_t steps) {
    spent |= steps > steps_left;
    if (!spent) steps_left -= steps;
    return !spent;
  }

  void meet(Place place, Oid relation) {
    if (all.nodes_[place].object.oid == relation || met_by[place] == number) return;
    met_by[place] = number;
    reached.push_back(place);
  }

  // Every column of it, and the whole.
  template <class Visit>
  void each_of(const Object& object, const Visit& visit) const {
    for (auto node = all.places_.lower_bound(Node{object, INT32_MIN});
         node != all.places_.end() && node->first.object == object; ++node)
      visit(node->second);
  }

  void begin(const Part& part, Oid relation) {
    each_of(part.object, [&](Place place) {
      if (!spend(1 + all.links_[place].depends.size())) return;
      for (const Place other : all.links_[place].depends) {
        // In which schema a table is says nothing of what it is made of.
        const bool own_schema =
            part.object.oid == relation && all.nodes_[other].object.catalog == kPgNamespace;
        if (!own_schema) meet(other, relation);
      }
    });
  }

  void go_on(Place place, Oid relation) {
    const Links& links = all.links_[place];
    if (!spend(1 + links.depends.size() + links.takes_along.size())) return;
    for (const Place other : links.depends) meet(other, relation);
    for (const Place other : links.takes_along) meet(other, relation);
    if (const auto row = all.rows_.find(all.nodes_[place].object); row != all.rows_.end())
      each_of(row->second, [&](Place other) {
        if (spend(1)) meet(other, relation);
      });
  }

  // The objects that are reached, where only parts that are rights count, or all of them.
  void run(Oid relation, const std::vector<Part>& parts, bool rights_only) {
    ++number;
    reached.clear();
    for (const Part& part : parts)
      if (part.rights || !rights_only) begin(part, relation);
    for (std::size_t next = 0; next < reached.size() && !spent; ++next)
      go_on(reached[next], relation);
  }
};

Result<Standing::Found> Standing::find(std::size_t steps_max) const {
  Found found;
  Walk walk{*this, steps_max};
  for (const auto& each : parts_) {
    const Oid relation = each.first;
    const std::vector<Part>& parts = each.second;
    const auto name_pair = [&](const Object& object) {
      const auto name = names_.find(object);
      if (name != names_.end() && object.oid != relation)
        found.pairs.push_back({name->second.first, relation, name->second.second});
    };
    for (const Part& part : parts) name_pair(part.object);
    walk.run(relation, parts, false);
    for (const Place place : walk.reached) name_pair(nodes_[place].object);
    walk.run(relation, parts, true);
    for (const Place place : walk.reached)
      if (const auto name = names_.find(nodes_[place].object); name != names_.end())
        found.below_rights.push_back(name->second.first);
    if (walk.spent || found.pairs.size() > steps_max / kStepsOfName)
      return Error{"tables and views of the database stand upon each other too often: more than " +
                   std::to_string(steps_max) + " steps from one to the other"};
  }
  std::sort(found.pairs.begin(), found.pairs.end());
  found.pairs.erase(std::unique(found.pairs.begin(), found.pairs.end()), found.pairs.end());
  return found;
}

}  // namespace sluice::sql
