// SPDX-License-Identifier: Apache-2.0
#include "control/config.h"

#include <sluice/resource.h>

#include <sys/un.h>
#include <yaml-cpp/yaml.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <map>
#include <set>
#include <sstream>

namespace sluice::control {
namespace {

constexpr std::size_t kConfigBytesMax = 256 * 1024;
// Below, a loaded host would look like a dead daemon; above, a dead one would go unnoticed.
constexpr std::uint32_t kHeartbeatLimitMsMin = 1'000;
constexpr std::uint32_t kHeartbeatLimitMsMax = 600'000;
constexpr std::uint32_t kThreadsMax = 256;
constexpr const char* kDefaultFile = "/etc/sluice/sluice.yaml";

class Reader {
 public:
  explicit Reader(const std::string& file) : file_(file) {}

  Error at(const YAML::Mark& mark, const std::string& text) const {
    if (mark.is_null()) return Error{file_ + ": error: " + text};
    return Error{file_ + ":" + std::to_string(mark.line + 1) + ":" +
                 std::to_string(mark.column + 1) + ": error: " + text};
  }

  Result<std::string> text(const std::string& key, const YAML::Node& node) const {
    if (!node.IsScalar()) return at(node.Mark(), "'" + key + "' must be one value");
    const std::string text = node.Scalar();
    for (const char c : text)
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
        return at(node.Mark(), "'" + key + "' holds a control character");
    return text;
  }

  Result<std::string> path(const std::string& key, const YAML::Node& node) const {
    auto path = text(key, node);
    if (!path) return path;
    if (path->empty() || path->front() != '/')
      return at(node.Mark(), "'" + key + "' must be an absolute path: write it from '/' on");
    while (path->size() > 1 && path->back() == '/') path->pop_back();
    return path;
  }

  // ADDRESS:PORT, on loopback: what listens here must not be reachable from other hosts.
  Result<std::string> loopback_endpoint(const std::string& key, const YAML::Node& node) const {
    SLUICE_TRY(const std::string value, text(key, node));
    const auto colon = value.rfind(':');
    const Error wrong = at(node.Mark(), "'" + key +
                                            "' must be a loopback address and a port: write "
                                            "127.0.0.1:0 or [::1]:0 (port 0 is any free one)");
    if (colon == std::string::npos) return wrong;
    std::string host = value.substr(0, colon);
    if (host.size() > 2 && host.front() == '[' && host.back() == ']')
      host = host.substr(1, host.size() - 2);
    const char* end = value.data() + value.size();
    std::uint16_t port = 0;
    const auto [stop, error] = std::from_chars(value.data() + colon + 1, end, port);
    const auto ip = parse_ip(host);
    if (error != std::errc{} || stop != end || !ip) return wrong;
    const bool loopback = ip->is_v4() ? ip->bytes[12] == 127 : ip->text() == "::1";
    if (!loopback) return wrong;
    return value;
  }

  Result<std::uint32_t> threads(const YAML::Node& node) const {
    SLUICE_TRY(const std::string value, text("threads", node));
    std::uint32_t count = 0;
    const char* end = value.data() + value.size();
    const auto [stop, error] = std::from_chars(value.data(), end, count);
    if (error != std::errc{} || stop != end || count > kThreadsMax)
      return at(node.Mark(), "'threads' must be a number from 0 to " + std::to_string(kThreadsMax) +
                                 " (0: one for each core)");
    return count;
  }

  Result<std::uint32_t> heartbeat_limit_ms(const YAML::Node& node) const {
    SLUICE_TRY(const std::string value, text("heartbeat_limit_ms", node));
    std::uint32_t limit = 0;
    const char* end = value.data() + value.size();
    const auto [stop, error] = std::from_chars(value.data(), end, limit);
    if (error != std::errc{} || stop != end || limit < kHeartbeatLimitMsMin ||
        limit > kHeartbeatLimitMsMax)
      return at(node.Mark(), "'heartbeat_limit_ms' must be a number of milliseconds from " +
                                 std::to_string(kHeartbeatLimitMsMin) + " to " +
                                 std::to_string(kHeartbeatLimitMsMax) +
                                 "; it cannot be turned off");
    return limit;
  }

  // Seconds, minutes or hours, up to a day.
  Result<std::chrono::seconds> duration(const std::string& key, const YAML::Node& node) const {
    SLUICE_TRY(const std::string value, text(key, node));
    const Error wrong = at(node.Mark(), "'" + key +
                                            "' must be a time of at most 24h: write 90s, 10m or 2h "
                                            "(0s: not at all)");
    if (value.size() < 2) return wrong;
    std::uint32_t count = 0;
    const char* unit = value.data() + value.size() - 1;
    const auto [stop, error] = std::from_chars(value.data(), unit, count);
    if (error != std::errc{} || stop != unit || count > 86'400) return wrong;
    std::chrono::seconds time{count};
    if (*unit == 'm')
      time *= 60;
    else if (*unit == 'h')
      time *= 3600;
    else if (*unit != 's')
      return wrong;
    if (time > std::chrono::hours{24}) return wrong;
    return time;
  }

  // A file, or { file: PATH, required: true }.
  Result<void> audit(const YAML::Node& node, Config& config) const {
    if (!node.IsMap()) {
      SLUICE_TRY(config.audit, path("audit", node));
      return {};
    }
    for (const auto& pair : node) {
      const std::string key = pair.first.IsScalar() ? pair.first.Scalar() : "";
      if (key == "file") {
        SLUICE_TRY(config.audit, path("audit.file", pair.second));
      } else if (key == "required") {
        SLUICE_TRY(const std::string value, text("audit.required", pair.second));
        if (value != "true" && value != "false")
          return at(pair.second.Mark(), "'audit.required' must be true or false");
        config.audit_required = value == "true";
      } else {
        return at(pair.first.Mark(), "the key '" + key.substr(0, 64) +
                                         "' is not known in 'audit'; there are file, required");
      }
    }
    return {};
  }

  Result<Durability> durability(const YAML::Node& node) const {
    SLUICE_TRY(const std::string value, text("durability", node));
    if (value == "process") return Durability::kProcess;
    if (value == "disk") return Durability::kDisk;
    return at(node.Mark(), "'durability' must be process or disk");
  }

 private:
  const std::string& file_;
};

using Setter = std::function<Result<void>(const YAML::Node&)>;

std::map<std::string, Setter> setters(const Reader& reader, Config& config) {
  const auto path = [&reader](const char* key, std::string& field) -> Setter {
    return [&reader, key, &field](const YAML::Node& node) -> Result<void> {
      SLUICE_TRY(field, reader.path(key, node));
      return {};
    };
  };
  const auto endpoint = [&reader](const char* key, std::string& field) -> Setter {
    return [&reader, key, &field](const YAML::Node& node) -> Result<void> {
      SLUICE_TRY(field, reader.loopback_endpoint(key, node));
      return {};
    };
  };
  return {
      {"policy_dir", path("policy_dir", config.policy_dir)},
      {"state_dir", path("state_dir", config.state_dir)},
      {"run_dir", path("run_dir", config.run_dir)},
      {"cgroup_root", path("cgroup_root", config.cgroup_root)},
      {"secrets_dir", path("secrets_dir", config.secrets_dir)},
      {"pin_dir", path("pin_dir", config.pin_dir)},
      {"audit", [&reader, &config](const YAML::Node& node) { return reader.audit(node, config); }},
      {"listen", endpoint("listen", config.listen)},
      {"console", endpoint("console", config.console)},
      {"worker_user",
       [&](const YAML::Node& node) -> Result<void> {
         SLUICE_TRY(config.worker_user, reader.text("worker_user", node));
         if (config.worker_user.empty())
           return reader.at(node.Mark(), "'worker_user' must be a user's name");
         return {};
       }},
      {"threads",
       [&](const YAML::Node& node) -> Result<void> {
         SLUICE_TRY(config.threads, reader.threads(node));
         return {};
       }},
      {"heartbeat_limit_ms",
       [&](const YAML::Node& node) -> Result<void> {
         SLUICE_TRY(config.heartbeat_limit_ms, reader.heartbeat_limit_ms(node));
         return {};
       }},
      {"drain_timeout",
       [&](const YAML::Node& node) -> Result<void> {
         SLUICE_TRY(config.drain_timeout, reader.duration("drain_timeout", node));
         return {};
       }},
      {"durability",
       [&](const YAML::Node& node) -> Result<void> {
         SLUICE_TRY(config.durability, reader.durability(node));
         return {};
       }},
  };
}

Result<void> read_document(const YAML::Node& document, const Reader& reader, Config& config) {
  if (!document.IsDefined() || document.IsNull()) return {};  // an empty file: all defaults
  if (!document.IsMap())
    return reader.at(document.Mark(),
                     "the file must be a map of keys, like 'policy_dir: /etc/...'");
  const auto known = setters(reader, config);
  std::set<std::string> seen;
  for (const auto& pair : document) {
    if (!pair.first.IsScalar()) return reader.at(pair.first.Mark(), "a key must be one word");
    const std::string key = pair.first.Scalar();
    const auto setter = known.find(key);
    if (setter == known.end()) {
      std::string names;
      for (const auto& [name, unused] : known) names += (names.empty() ? "" : ", ") + name;
      return reader.at(pair.first.Mark(),
                       "the key '" + key.substr(0, 64) + "' is not known; there are " + names);
    }
    if (!seen.insert(key).second)
      return reader.at(pair.first.Mark(), "the key '" + key + "' stands here twice");
    SLUICE_TRY_VOID(setter->second(pair.second));
  }
  return {};
}

}  // namespace

std::string_view name_of(Durability durability) {
  return durability == Durability::kDisk ? "disk" : "process";
}

Result<Config> parse_config(std::string_view text, const std::string& file) {
  Config config;
  config.file = file;
  const Reader reader{file};
  try {
    SLUICE_TRY_VOID(read_document(YAML::Load(std::string{text}), reader, config));
  } catch (const YAML::Exception& thrown) {
    return reader.at(thrown.mark, thrown.msg);
  }
  if (config.control_socket().size() >= sizeof(sockaddr_un::sun_path))
    return Error{file + ": error: '" + config.control_socket() +
                 "' is longer than a socket's path may be (" +
                 std::to_string(sizeof(sockaddr_un::sun_path) - 1) + " bytes): shorten run_dir"};
  return config;
}

Result<Config> load_config(const std::optional<std::string>& option) {
  std::string file = kDefaultFile;
  bool may_be_missing = true;
  if (option) {
    file = *option;
    may_be_missing = false;
  } else if (const char* variable = std::getenv("SLUICE_CONFIG"); variable && *variable) {
    file = variable;
    may_be_missing = false;
  }
  errno = 0;
  std::ifstream stream{file, std::ios::binary};
  if (!stream) {
    if (may_be_missing && errno == ENOENT) return Config{};
    return Error::sys(errno, "read the configuration '" + file + "'");
  }
  std::string text(kConfigBytesMax + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (stream.bad()) return Error::sys(errno, "read the configuration '" + file + "'");
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (text.size() > kConfigBytesMax)
    return Error{"the configuration '" + file + "' is larger than " +
                 std::to_string(kConfigBytesMax) + " bytes"};
  return parse_config(text, file);
}

}  // namespace sluice::control
