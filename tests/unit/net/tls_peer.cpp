// SPDX-License-Identifier: Apache-2.0
#include "tls_peer.h"

#include "net/certificate_impl.h"

#include <csignal>
#include <fstream>

namespace sluice::net::test {

namespace {

Validity now_and_an_hour() {
  const WallTime now = SystemClock{}.wall();
  return {now - std::chrono::hours{1}, now + std::chrono::hours{1}};
}

Bytes sha256_of(X509* certificate) {
  Bytes hash(32);
  unsigned int size = 0;
  if (certificate == nullptr || X509_digest(certificate, EVP_sha256(), hash.data(), &size) != 1)
    return {};
  return hash;
}

}  // namespace

TestAuthority::TestAuthority(const std::string& name) {
  key_ = *make_key();
  certificate_ = *make_ca_certificate(*key_, name, now_and_an_hour());
  std::ofstream{file()} << *to_pem(*certificate_);
}

IssuedCertificate TestAuthority::issue(const LeafNames& names) {
  leaf_keys_.push_back(*make_key());
  leaves_.push_back(
      *make_leaf_certificate(*leaf_keys_.back(), names, now_and_an_hour(), *certificate_, *key_));
  return {leaves_.back().get(), leaf_keys_.back().get()};
}

TlsPeer::TlsPeer(UniqueFd fd) : fd_(std::move(fd)) {
  // OpenSSL's own socket BIO writes without MSG_NOSIGNAL.
  std::signal(SIGPIPE, SIG_IGN);
}

std::string TlsPeer::connect(const Wanted& wanted) {
  context_.reset(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_load_verify_file(context_.get(), wanted.ca_file.c_str());
  SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
  ssl_.reset(SSL_new(context_.get()));
  if (parse_ip(wanted.verify)) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_.get()), wanted.verify.c_str());
  } else if (!wanted.verify.empty()) {
    SSL_set1_host(ssl_.get(), wanted.verify.c_str());
    SSL_set_tlsext_host_name(ssl_.get(), wanted.verify.c_str());
  }
  if (!wanted.alpn.empty()) {
    Bytes list{static_cast<std::uint8_t>(wanted.alpn.size())};
    append(list, wanted.alpn);
    SSL_set_alpn_protos(ssl_.get(), list.data(), static_cast<unsigned int>(list.size()));
  }
  SSL_set_fd(ssl_.get(), fd_.get());
  ERR_clear_error();
  return SSL_connect(ssl_.get()) == 1 ? "" : take_openssl_errors();
}

bool TlsPeer::accept(const IssuedCertificate& own) {
  context_.reset(SSL_CTX_new(TLS_server_method()));
  SSL_CTX_use_certificate(context_.get(), own.certificate);
  SSL_CTX_use_PrivateKey(context_.get(), own.key);
  ssl_.reset(SSL_new(context_.get()));
  SSL_set_fd(ssl_.get(), fd_.get());
  ERR_clear_error();
  return SSL_accept(ssl_.get()) == 1;
}

void TlsPeer::write(const std::string& bytes) {
  std::size_t count = 0;
  SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &count);
}

std::string TlsPeer::read(std::size_t count) {
  std::string got(count, '\0');
  std::size_t have = 0;
  while (have < count) {
    std::size_t more = 0;
    if (SSL_read_ex(ssl_.get(), got.data() + have, count - have, &more) != 1) break;
    have += more;
  }
  got.resize(have);
  return got;
}

void TlsPeer::close_notify() { SSL_shutdown(ssl_.get()); }

bool TlsPeer::ended_in_order() {
  std::size_t count = 0;
  char byte = 0;
  const int done = SSL_read_ex(ssl_.get(), &byte, 1, &count);
  return done != 1 && SSL_get_error(ssl_.get(), done) == SSL_ERROR_ZERO_RETURN;
}

Bytes TlsPeer::peer_certificate_sha256() const {
  return sha256_of(SSL_get0_peer_certificate(ssl_.get()));
}
Bytes TlsPeer::own_certificate_sha256() const { return sha256_of(SSL_get_certificate(ssl_.get())); }
std::string TlsPeer::asked_name() const {
  const char* name = SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name);
  return name != nullptr ? name : "";
}

}  // namespace sluice::net::test
