// SPDX-License-Identifier: Apache-2.0
// OpenSSL's objects as owned values, and its errors as text. Only .cpp files of net/ include this.
#pragma once

#include <sluice/bytes.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

namespace sluice::net {

template <auto Fn>
struct FreeWith {
  template <class T>
  void operator()(T* object) const noexcept {
    Fn(object);
  }
};

using BioPtr = std::unique_ptr<BIO, FreeWith<BIO_free_all>>;
using BioMethodPtr = std::unique_ptr<BIO_METHOD, FreeWith<BIO_meth_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;
using X509Ptr = std::unique_ptr<X509, FreeWith<X509_free>>;
using SslPtr = std::unique_ptr<SSL, FreeWith<SSL_free>>;
using SslCtxPtr = std::unique_ptr<SSL_CTX, FreeWith<SSL_CTX_free>>;
using ExtensionPtr = std::unique_ptr<X509_EXTENSION, FreeWith<X509_EXTENSION_free>>;
using NamesPtr = std::unique_ptr<GENERAL_NAMES, FreeWith<GENERAL_NAMES_free>>;
using BasicConstraintsPtr = std::unique_ptr<BASIC_CONSTRAINTS, FreeWith<BASIC_CONSTRAINTS_free>>;

// Takes this thread's queued errors; the oldest is the cause. "unknown TLS error" if there is none.
std::string take_openssl_errors();

// tls-server-end-point of RFC 5929: the certificate hashed with its signature's hash, MD5 and SHA-1
// replaced by SHA-256. Empty where the signature has no hash of its own (Ed25519): the binding is
// then undefined.
Bytes endpoint_hash_of(const X509* certificate);

}  // namespace sluice::net
