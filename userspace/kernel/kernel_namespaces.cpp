// SPDX-License-Identifier: Apache-2.0
// What the maps hold of network namespaces that the daemon does not live in.
#include <bpf/bpf.h>
#include <sluice/abi/query.h>
#include <sluice/abi/settings.h>

#include <cerrno>

#include "kernel/kernel_maps.h"
#include "kernel/map_keys.h"

namespace sluice::kernel {
namespace {

template <class Key, class Condition>
Result<void> forget_where(int map, const Condition& forgotten) {
  SLUICE_TRY(const auto keys, keys_of<Key>(map));
  for (const Key& key : keys)
    if (forgotten(key.netns_cookie) && bpf_map_delete_elem(map, &key) != 0 && errno != ENOENT)
      return Error::sys(errno, "forget the listeners of a network namespace");
  return {};
}

}  // namespace

Result<void> KernelMaps::forget_listeners() {
  return forget_where<sluice_listener_key>(fd(MapName::kListeners), [](auto) { return true; });
}

Result<std::set<std::uint64_t>> KernelMaps::namespaces_with_listeners() const {
  SLUICE_TRY(const auto keys, keys_of<sluice_listener_key>(fd(MapName::kListeners)));
  std::set<std::uint64_t> cookies;
  for (const sluice_listener_key& key : keys) cookies.insert(key.netns_cookie);
  return cookies;
}

Result<void> KernelMaps::forget_namespace(std::uint64_t netns_cookie) {
  const auto is_it = [&](std::uint64_t cookie) { return cookie == netns_cookie; };
  SLUICE_TRY_VOID(forget_where<sluice_listener_key>(fd(MapName::kListeners), is_it));
  return forget_where<sluice_resolver_key>(fd(MapName::kResolvers), is_it);
}

Result<void> KernelMaps::forget_namespaces_except(const std::set<std::uint64_t>& netns_cookies) {
  SLUICE_TRY(const std::uint64_t home, setting(SLUICE_SETTING_HOME_NETNS));
  const auto is_other = [&](std::uint64_t cookie) {
    return cookie != home && !netns_cookies.contains(cookie);
  };
  SLUICE_TRY_VOID(forget_where<sluice_listener_key>(fd(MapName::kListeners), is_other));
  return forget_where<sluice_resolver_key>(fd(MapName::kResolvers), is_other);
}

}  // namespace sluice::kernel
