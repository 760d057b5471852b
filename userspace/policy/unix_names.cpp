// SPDX-License-Identifier: Apache-2.0
#include "policy/unix_names.h"

#include <map>

namespace sluice::policy {
namespace {

constexpr std::string_view kRun = "/run/";
constexpr std::string_view kVarRun = "/var/run/";
constexpr std::size_t kUnixPathMax = 107;  // sun_path holds 108 with the final NUL

// All below directories of root.
const std::map<std::string, std::vector<std::string>, std::less<>> kBuiltin{
    {"nscd", {"/run/nscd/socket"}},
    {"resolver", {"/run/systemd/resolve/io.systemd.Resolve"}},
    {"syslog",
     {"/dev/log", "/run/systemd/journal/dev-log", "/run/systemd/journal/socket",
      "/run/systemd/journal/stdout", "/run/systemd/journal/syslog"}},
};

}  // namespace

std::string canonical_unix_path(std::string_view path) {
  if (!path.starts_with(kVarRun)) return std::string{path};
  return std::string{kRun} + std::string{path.substr(kVarRun.size())};
}

std::vector<std::string> unix_path_spellings(const std::string& canonical) {
  std::vector<std::string> spellings{canonical};
  if (!canonical.starts_with(kRun)) return spellings;
  std::string other = std::string{kVarRun} + canonical.substr(kRun.size());
  if (other.size() <= kUnixPathMax) spellings.push_back(std::move(other));
  return spellings;
}

const char* what_is_wrong_with_unix_path(std::string_view path) {
  if (!path.starts_with('/')) return "must begin with '/'";
  if (path.size() > kUnixPathMax) return "is longer than 107 bytes";
  if (path.ends_with('/')) return "must not end with '/'";
  const std::string closed = std::string{path} + "/";
  for (const char* part : {"//", "/./", "/../"})
    if (closed.find(part) != std::string::npos) return "must not hold empty parts, '.' or '..'";
  return nullptr;
}

const std::vector<std::string>& unix_builtin_groups() {
  static const std::vector<std::string> groups = [] {
    std::vector<std::string> names;
    for (const auto& [group, paths] : kBuiltin) names.push_back(group);
    return names;
  }();
  return groups;
}

const std::vector<std::string>& unix_builtin_paths(std::string_view group) {
  static const std::vector<std::string> none;
  const auto found = kBuiltin.find(group);
  return found == kBuiltin.end() ? none : found->second;
}

}  // namespace sluice::policy
