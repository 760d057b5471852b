// SPDX-License-Identifier: Apache-2.0
// Where a flow's upstream is and how it is reached: filled from the policy's resource by the
// daemon.
#pragma once

#include <sluice/resource.h>

#include <chrono>
#include <string>
#include <vector>

namespace sluice::net {

struct UpstreamTarget {
  Endpoint endpoint;      // used where unix_path is empty
  std::string unix_path;  // absolute path of a stream socket
  std::string text() const;
  auto operator<=>(const UpstreamTarget&) const = default;
};

struct UpstreamSettings {
  UpstreamTarget target;
  UpstreamTls tls = UpstreamTls::kVerifyFull;
  std::string ca_file;  // PEM; "" is the system's
  // DNS names or literal IP addresses. verify-full: the certificate must be for one of them. The
  // first DNS name is sent as SNI.
  std::vector<std::string> verify_names;
  std::string alpn;  // offered only with direct TLS; "postgresql"
  std::chrono::milliseconds connect_timeout{10'000};
};

}  // namespace sluice::net
