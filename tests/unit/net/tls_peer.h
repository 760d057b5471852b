// SPDX-License-Identifier: Apache-2.0
// The other end of a TLS leg, and an authority to trust or not: plain blocking OpenSSL.
#pragma once

#include "net/host_ca.h"
#include "net/openssl_impl.h"
#include "support.h"

namespace sluice::net::test {

struct IssuedCertificate {
  X509* certificate = nullptr;  // owned by the authority
  EVP_PKEY* key = nullptr;
};

class TestAuthority {
 public:
  explicit TestAuthority(const std::string& name);
  std::string file() const { return directory_.path("ca.pem"); }
  IssuedCertificate issue(const LeafNames& names);

 private:
  TempDir directory_;
  KeyPtr key_;
  X509Ptr certificate_;
  std::vector<KeyPtr> leaf_keys_;
  std::vector<X509Ptr> leaves_;
};

class TlsPeer {
 public:
  struct Wanted {
    std::string ca_file;
    std::string verify = {};  // name or address that the certificate must be for; "" any
    std::string alpn = {};
  };
  explicit TlsPeer(UniqueFd fd);
  const UniqueFd& fd() const { return fd_; }

  std::string connect(const Wanted& wanted);  // "" or what went wrong
  bool accept(const IssuedCertificate& own);
  void write(const std::string& bytes);
  std::string read(std::size_t count);  // shorter at the end
  void close_notify();
  bool ended_in_order();
  Bytes peer_certificate_sha256() const;
  Bytes own_certificate_sha256() const;
  std::string asked_name() const;

 private:
  UniqueFd fd_;
  SslCtxPtr context_;
  SslPtr ssl_;
};

}  // namespace sluice::net::test
