// SPDX-License-Identifier: Apache-2.0
// Any bytes as a DNS query: whatever comes back is no longer than it may be, answers that query and
// no other, and is itself never answered. The first byte says whether it comes by TCP.
#include <cstdlib>

#include "net/dns_answer.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const bool stream = (data[0] & 1U) != 0;
  const sluice::ByteView query{data + 1, size - 1};
  const sluice::net::DnsLimits limits;
  std::vector<sluice::IpAddress> addresses(40);
  for (std::size_t i = 0; i < addresses.size(); ++i)
    addresses[i].bytes[15] = static_cast<std::uint8_t>(i);
  const auto lookup = [&](const std::string& name) {
    sluice::net::DnsName found;
    found.known = name == "db.internal";
    found.addresses = addresses;
    return found;
  };
  const auto reply = sluice::net::answer_dns(query, stream, limits, lookup);
  if (reply.message.empty()) return 0;
  require(reply.message.size() >= 12 && query.size() >= 12);
  require(stream || reply.message.size() <= limits.udp_answer_bytes_max);
  require(reply.message[0] == query[0] && reply.message[1] == query[1]);
  require(sluice::net::answer_dns(reply.message, stream, limits, lookup).message.empty());
  return 0;
}
