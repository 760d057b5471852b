// SPDX-License-Identifier: Apache-2.0
// From the bytes of a DNS query to the bytes of its answer. Reads and writes messages with ldns;
// asks nobody: what a name stands for is given by the caller. A query is never passed on.
#pragma once

#include <sluice/bytes.h>
#include <sluice/resource.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace sluice::net {

enum class DnsVerdict : std::uint8_t {
  kAnswered,
  kNoData,       // the name is known, that type of it is not
  kUnknownName,  // NXDOMAIN: no rule lets this agent reach anything of that name
  kUnresolved,   // SERVFAIL: the daemon itself cannot resolve the name at present
  kRefused,      // a question that is no question for a name on the Internet
  kMalformed,    // FORMERR
  kIgnored       // no answer at all: it is no query
};
std::string_view name_of(DnsVerdict verdict);  // "answered", "unknown_name", ...

// What a name stands for, as far as one agent is concerned.
struct DnsName {
  bool known = false;
  std::vector<IpAddress> addresses;  // empty where it is known but does not resolve
};
// `name`: lower case, without the last dot; what is no letter, digit, hyphen or underscore is
// escaped as in a zone file.
using DnsLookup = std::function<DnsName(const std::string& name)>;

struct DnsLimits {
  // A query is a header, one name of at most 255 bytes and a few options; more is an attempt.
  std::size_t query_bytes_max = 1024;
  // What passes every network unfragmented. An answer over it is cut, and asked for again by TCP.
  std::size_t udp_answer_bytes_max = 1232;
  // How long a client may use an answer. The address book keeps addresses longer than this.
  std::chrono::seconds ttl{30};
};

struct DnsReply {
  DnsVerdict verdict = DnsVerdict::kIgnored;
  Bytes message;     // empty: send nothing
  std::string name;  // asked for, as DnsLookup gets it; "" where it could not be read
  std::string type;  // "AAAA", "TYPE999"
  std::vector<IpAddress> addresses;  // that the answer holds
  bool truncated = false;
};

// `stream`: over TCP, where an answer may be longer.
DnsReply answer_dns(ByteView query, bool stream, const DnsLimits& limits, const DnsLookup& lookup);

}  // namespace sluice::net
