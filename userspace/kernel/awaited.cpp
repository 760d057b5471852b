// SPDX-License-Identifier: Apache-2.0
#include "kernel/awaited.h"

#include <bpf/bpf.h>
#include <sluice/abi/awaited.h>
#include <sluice/abi/settings.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <string_view>
#include <utility>

#include "kernel/map_keys.h"

namespace sluice::kernel {
namespace {

struct Step {
  sluice_awaited_key key{};
  sluice_awaited value{};
};
// By path; a parent comes before what lies below it.
using Tree = std::map<std::string, Step>;

std::string_view parent_of(std::string_view path) { return path.substr(0, path.rfind('/')); }
std::string_view name_of_last(std::string_view path) { return path.substr(path.rfind('/') + 1); }
std::uint32_t level_of(std::string_view path) {
  return static_cast<std::uint32_t>(std::count(path.begin(), path.end(), '/'));
}

Result<std::vector<Step>> read_steps(int map) {
  SLUICE_TRY(const auto keys, keys_of<sluice_awaited_key>(map));
  std::vector<Step> steps;
  for (const sluice_awaited_key& key : keys) {
    Step step{.key = key, .value = {}};
    if (bpf_map_lookup_elem(map, &key, &step.value) == 0) steps.push_back(step);
  }
  return steps;
}

// A step whose parent is not there leads nowhere, and is left out.
Tree tree_of(const std::vector<Step>& steps) {
  std::multimap<std::uint32_t, const Step*> below;
  for (const Step& step : steps) below.emplace(step.key.parent, &step);
  Tree tree;
  std::vector<std::pair<std::uint32_t, std::string>> open{{0, ""}};
  while (!open.empty()) {
    const auto [node, path] = std::move(open.back());
    open.pop_back();
    const auto [from, to] = below.equal_range(node);
    for (auto at = from; at != to; ++at) {
      const std::size_t length = ::strnlen(at->second->key.name, SLUICE_AWAITED_NAME_BYTES);
      const std::string child = path + "/" + std::string{at->second->key.name, length};
      tree.emplace(child, *at->second);
      open.emplace_back(at->second->value.node, child);
    }
  }
  return tree;
}

Result<void> check(const AwaitedCgroup& cgroup) {
  const std::string& path = cgroup.path;
  const auto bad = [&](const std::string& why) {
    return Error{"await the cgroup '" + path + "': " + why};
  };
  if (cgroup.subject == 0) return bad("0 is no subject");
  if (!path.starts_with('/') || path.ends_with('/') || path.find("//") != std::string::npos)
    return bad("it is no path below the root of cgroup2");
  if (level_of(path) >= SLUICE_CGROUP_LEVELS_MAX)
    return bad("it lies deeper than " + std::to_string(SLUICE_CGROUP_LEVELS_MAX - 1) + " levels");
  for (std::string_view rest = path; !rest.empty(); rest = parent_of(rest))
    if (name_of_last(rest).size() > SLUICE_AWAITED_NAME_MAX)
      return bad("a name in it is longer than " + std::to_string(SLUICE_AWAITED_NAME_MAX) +
                 " bytes");
  return {};
}

// Every path with those on the way to it, and its subject, 0 for those.
Result<std::map<std::string, std::uint32_t>> subjects_of(const std::vector<AwaitedCgroup>& wanted) {
  std::map<std::string, std::uint32_t> subjects;
  for (const AwaitedCgroup& cgroup : wanted) {
    SLUICE_TRY_VOID(check(cgroup));
    for (std::string_view way = parent_of(cgroup.path); !way.empty(); way = parent_of(way))
      subjects.emplace(way, 0);
    subjects[cgroup.path] = cgroup.subject;
  }
  return subjects;
}

std::uint32_t highest_node(const std::vector<Step>& steps) {
  std::uint32_t highest = 0;
  for (const Step& step : steps) highest = std::max(highest, step.value.node);
  return highest;
}

Step new_step(const std::string& path, std::uint32_t parent, std::uint32_t node) {
  Step step;
  step.key.parent = parent;
  const std::string_view name = name_of_last(path);
  std::copy(name.begin(), name.end(), step.key.name);
  step.value.node = node;
  step.value.level = level_of(path);
  return step;
}

}  // namespace

Result<AwaitedCgroups> AwaitedCgroups::adopt(const MapDescriptors& maps) {
  SLUICE_TRY(MapDescriptors copies, duplicate(maps));
  return AwaitedCgroups{std::move(copies[MapName::kAwaited]),
                        std::move(copies[MapName::kSettings])};
}

Result<void> AwaitedCgroups::set_depth(std::uint64_t depth) const {
  const std::uint32_t which = SLUICE_SETTING_AWAITED_DEPTH;
  if (bpf_map_update_elem(settings_.get(), &which, &depth, BPF_ANY) != 0)
    return Error::sys(errno, "write sluice_settings");
  return {};
}

Result<std::set<std::string>> AwaitedCgroups::set(const std::vector<AwaitedCgroup>& wanted) {
  SLUICE_TRY(const auto subjects, subjects_of(wanted));
  SLUICE_TRY(const auto steps, read_steps(map_.get()));
  Tree tree = tree_of(steps);
  std::uint32_t last_node = highest_node(steps);
  std::uint64_t depth = 0;
  for (const auto& [path, subject] : subjects)
    depth = std::max<std::uint64_t>(depth, level_of(path));
  // All levels are looked at until what is no longer wanted is gone.
  if (!wanted.empty()) SLUICE_TRY_VOID(set_depth(SLUICE_CGROUP_LEVELS_MAX - 1));

  std::set<std::string> fresh;
  for (const auto& [path, subject] : subjects) {
    const std::string parent{parent_of(path)};
    const std::uint32_t parent_node = parent.empty() ? 0 : tree.at(parent).value.node;
    const auto [at, is_new] = tree.try_emplace(path);
    if (is_new) at->second = new_step(path, parent_node, ++last_node);
    Step& step = at->second;
    if (!is_new && step.value.subject == subject) continue;
    if (step.value.subject == 0 && subject != 0) fresh.insert(path);
    step.value.subject = subject;
    if (bpf_map_update_elem(map_.get(), &step.key, &step.value, BPF_ANY) != 0)
      return Error::sys(errno, errno == E2BIG ? "await a cgroup: the map of awaited cgroups is full"
                                              : "await the cgroup '" + path + "'");
  }
  // The deepest first: what is cut off from the root could not be found again.
  for (auto at = tree.rbegin(); at != tree.rend(); ++at)
    if (!subjects.contains(at->first) && bpf_map_delete_elem(map_.get(), &at->second.key) != 0 &&
        errno != ENOENT)
      return Error::sys(errno, "await the cgroup '" + at->first + "' no longer");
  SLUICE_TRY_VOID(set_depth(depth));
  return fresh;
}

}  // namespace sluice::kernel
