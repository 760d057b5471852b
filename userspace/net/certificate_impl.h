// SPDX-License-Identifier: Apache-2.0
// Makes and reads the certificates of the host CA. All keys are P-256.
#pragma once

#include "net/host_ca.h"
#include "net/openssl_impl.h"

#include <sluice/clock.h>
#include <sluice/result.h>

#include <string>

namespace sluice::net {

struct Validity {
  WallTime from{};
  WallTime to{};
};

Result<KeyPtr> make_key();
// CA:TRUE, pathlen:0, keyCertSign and cRLSign only.
Result<X509Ptr> make_ca_certificate(EVP_PKEY& key, const std::string& common_name,
                                    const Validity& validity);
// For TLS servers only, with the names as subjectAltName.
Result<X509Ptr> make_leaf_certificate(EVP_PKEY& key, const LeafNames& names,
                                      const Validity& validity, const X509& issuer,
                                      EVP_PKEY& issuer_key);

Result<std::string> to_pem(const X509& certificate);
Result<Bytes> to_pem(EVP_PKEY& key);  // unencrypted; the caller wipes it
Result<X509Ptr> certificate_from_pem(const std::string& pem, const std::string& what);
Result<KeyPtr> key_from_pem(const std::string& pem, const std::string& what);
Result<WallTime> end_of(const X509& certificate);

}  // namespace sluice::net
