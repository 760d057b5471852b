// SPDX-License-Identifier: Apache-2.0
// One thing that can be reached, as the policy describes it. Immutable once compiled; shared by
// pointer.
#pragma once

#include <sluice/verdict.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sluice {

enum class Protocol : std::uint8_t { kPostgres, kMysql, kSsh, kKubernetes, kHttp, kTcp, kDns };
std::string_view name_of(Protocol protocol);
std::optional<Protocol> protocol_named(std::string_view name);

// An IPv4 address is held as its IPv4-mapped IPv6 form (::ffff:a.b.c.d), so that there is one kind
// of key.
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};  // network order
  bool is_v4() const;
  std::string text() const;  // "10.0.0.5", "2001:db8::1"
  auto operator<=>(const IpAddress&) const = default;
};
std::optional<IpAddress> parse_ip(std::string_view text);

struct Endpoint {
  IpAddress ip;
  std::uint16_t port = 0;    // host order
  std::string text() const;  // "10.0.0.5:5432", "[2001:db8::1]:5432"
  auto operator<=>(const Endpoint&) const = default;
};

struct ResourceAddress {
  enum class Kind : std::uint8_t { kHost, kNetwork, kUnix };
  Kind kind = Kind::kHost;
  std::string host;     // kHost: a DNS name
  IpAddress network{};  // kNetwork: one address is a /128 (or /32 counted from the v4 part: 96+32)
  std::uint8_t prefix_length = 128;  // of the 128-bit form
  std::uint16_t port = 0;            // kHost, kNetwork
  std::string path;                  // kUnix
  bool operator==(const ResourceAddress&) const = default;
};

enum class UpstreamTls : std::uint8_t { kDisable, kRequire, kVerifyCa, kVerifyFull };

enum class MaskKind : std::uint8_t { kRedact, kPartial, kHash, kNull };

enum class Detector : std::uint8_t { kCreditCard, kUsSsn, kAwsKey, kPrivateKey, kJwt, kIban };
std::string_view name_of(Detector detector);
std::optional<Detector> detector_named(std::string_view name);

// Either a column pattern or a set of detectors.
struct SensitiveRule {
  std::string schema, table,
      column;  // each a name or "*"; "" in all three where `detectors` is used
  std::vector<Detector> detectors;
  MaskKind mask = MaskKind::kRedact;
  bool operator==(const SensitiveRule&) const = default;
};

struct Login {
  std::string user;
  std::string
      password_file;  // read by the keeper; never by anything that parses bytes from a network
  bool operator==(const Login&) const = default;
};

struct Resource {
  std::string name;
  Protocol protocol = Protocol::kPostgres;
  std::vector<ResourceAddress> addresses;
  UpstreamTls upstream_tls = UpstreamTls::kVerifyFull;
  std::string upstream_ca;  // PEM file; "" is the system's
  std::optional<Login> login;
  std::vector<SensitiveRule> sensitive;
  // What happens to a statement that searches by, or copies, a sensitive column (DESIGN.md section
  // 8).
  VerdictKind on_sensitive_search = VerdictKind::kHold;
  VerdictKind on_sensitive_copy = VerdictKind::kHold;
  // While a statement is held the server's planner is asked how many rows it would touch: the
  // server sees the text of it then, in an EXPLAIN of the daemon's own.
  bool estimate_rows = false;
  bool operator==(const Resource&) const = default;
};

}  // namespace sluice
