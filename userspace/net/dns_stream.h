// SPDX-License-Identifier: Apache-2.0
// DNS over TCP (RFC 7766) as a session: queries with their length in front, answered in order. It
// has no upstream.
#pragma once

#include <sluice/flow.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>

namespace sluice::net {

struct DnsStreamOptions {
  // Gives the whole answer to one query; empty: the connection is closed.
  std::function<Bytes(ByteView query)> answer;
  std::size_t query_bytes_max = 1024;
  // What one connection may ask, and how long it may say nothing (RFC 7766 asks for seconds).
  std::size_t query_count_max = 1000;
  std::chrono::seconds idle_timeout{10};
};

std::unique_ptr<FlowSession> make_dns_session(DnsStreamOptions options);

}  // namespace sluice::net
