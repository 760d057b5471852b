// SPDX-License-Identifier: Apache-2.0
// The host's own certificate authority: what lets the daemon answer TLS as the resource that the
// agent meant. Created at first start; its certificate goes into the bundle that agents trust.
#pragma once

#include <sluice/clock.h>
#include <sluice/resource.h>
#include <sluice/result.h>

#include <compare>
#include <memory>
#include <string>
#include <vector>

namespace sluice::net {

// What a leaf certificate is for. Order does not matter.
struct LeafNames {
  std::vector<std::string> dns;
  std::vector<IpAddress> ips;
  auto operator<=>(const LeafNames&) const = default;
};

class ServerTlsContext;  // SSL_CTX with a leaf; see net/tls_context_impl.h

class HostCa {
 public:
  struct Options {
    std::string directory;  // holds host-ca.key (0600), host-ca.pem (0644), bundle.pem (0644)
    std::string host_name;  // "" asks gethostname()
    // PEM bundle that goes before the CA in bundle.pem, so that agents still trust the real world.
    std::string system_bundle = "/etc/ssl/certs/ca-certificates.crt";
    std::size_t leaf_count_max = 1024;  // cached leaves; the least recently used one goes
  };
  // Opens the CA, or creates it where neither file is there. Refuses a key file that others may
  // read, a key and certificate that do not belong together, and a certificate that is no CA or is
  // past its end. Writes bundle.pem anew. Whoever runs it must own the directory; the CA key is
  // kept in memory.
  static Result<std::unique_ptr<HostCa>> open(const Options& options, const Clock& clock);
  ~HostCa();

  const std::string& certificate_path() const;  // host-ca.pem
  const std::string& bundle_path() const;       // bundle.pem

  // A context with a leaf for these names: P-256, 30 days, renewed a day before its end. Any
  // thread.
  Result<std::shared_ptr<ServerTlsContext>> context_for(const LeafNames& names);
  std::size_t cached_leaves() const;

 private:
  struct State;
  explicit HostCa(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace sluice::net
