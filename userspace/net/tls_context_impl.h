// SPDX-License-Identifier: Apache-2.0
// What many TLS legs share: on the agent's side a leaf and its key, on the upstream's side the
// trusted CAs.
#pragma once

#include "net/openssl_impl.h"

#include <sluice/clock.h>
#include <sluice/resource.h>
#include <sluice/result.h>

#include <memory>
#include <string>

namespace sluice::net {

class ServerTlsContext {
 public:
  // `leaf` is signed by `issuer`, which is sent along.
  static Result<std::shared_ptr<ServerTlsContext>> create(X509Ptr leaf, const X509* issuer,
                                                          KeyPtr key, WallTime renew_at);
  SSL_CTX* get() const { return context_.get(); }
  const Bytes& endpoint_hash() const { return endpoint_hash_; }
  WallTime renew_at() const { return renew_at_; }

 private:
  SslCtxPtr context_;
  Bytes endpoint_hash_;
  WallTime renew_at_{};
};

class ClientTlsContext {
 public:
  // Reads `ca_file` ("" is the system's) where `mode` verifies.
  static Result<std::shared_ptr<ClientTlsContext>> create(UpstreamTls mode,
                                                          const std::string& ca_file);
  SSL_CTX* get() const { return context_.get(); }

 private:
  SslCtxPtr context_;
};

}  // namespace sluice::net
