// SPDX-License-Identifier: Apache-2.0
#include "net/tls_context_impl.h"

namespace sluice::net {

namespace {

// A client that offers ALPN must offer ours, as PostgreSQL 17 demands: otherwise its bytes were
// meant for another protocol and were sent here by a trick (ALPACA).
int select_alpn(SSL* ssl, const unsigned char** out, unsigned char* out_length,
                const unsigned char* offered, unsigned int offered_length, void*) {
  const auto& wanted = *static_cast<const std::string*>(SSL_get_app_data(ssl));
  if (wanted.empty()) return SSL_TLSEXT_ERR_NOACK;
  ByteView rest{offered, offered_length};
  while (!rest.empty()) {
    const std::size_t length = rest[0];
    if (length + 1 > rest.size()) break;
    if (as_text(rest.subspan(1, length)) == wanted) {
      *out = rest.data() + 1;
      *out_length = static_cast<unsigned char>(length);
      return SSL_TLSEXT_ERR_OK;
    }
    rest = rest.subspan(1 + length);
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

void configure_common(SSL_CTX* context) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  // RELEASE_BUFFERS: an idle leg holds no 34 KiB of OpenSSL's buffers. The other two: what was not
  // written is offered again from the out queue's memory.
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  // Header and body of a record in one recv() where both are there.
  SSL_CTX_set_read_ahead(context, 1);
}

}  // namespace

Result<std::shared_ptr<ServerTlsContext>> ServerTlsContext::create(X509Ptr leaf, const X509* issuer,
                                                                   KeyPtr key, WallTime renew_at) {
  ERR_clear_error();
  auto made = std::make_shared<ServerTlsContext>();
  made->context_.reset(SSL_CTX_new(TLS_server_method()));
  SSL_CTX* context = made->context_.get();
  if (context == nullptr) return Error{"make a TLS context: " + take_openssl_errors()};
  configure_common(context);
  // No resumption: a ticket would outlive the run that it was given to.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
  SSL_CTX_set_num_tickets(context, 0);
  // Each session's app data is the protocol that it wants.
  SSL_CTX_set_alpn_select_cb(context, select_alpn, nullptr);
  if (SSL_CTX_use_certificate(context, leaf.get()) != 1 ||
      SSL_CTX_use_PrivateKey(context, key.get()) != 1 ||
      SSL_CTX_add1_chain_cert(context, const_cast<X509*>(issuer)) != 1)
    return Error{"use a leaf certificate: " + take_openssl_errors()};
  made->endpoint_hash_ = endpoint_hash_of(leaf.get());
  made->renew_at_ = renew_at;
  return made;
}

Result<std::shared_ptr<ClientTlsContext>> ClientTlsContext::create(UpstreamTls mode,
                                                                   const std::string& ca_file) {
  ERR_clear_error();
  auto made = std::make_shared<ClientTlsContext>();
  made->context_.reset(SSL_CTX_new(TLS_client_method()));
  SSL_CTX* context = made->context_.get();
  if (context == nullptr) return Error{"make a TLS context: " + take_openssl_errors()};
  configure_common(context);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  if (mode != UpstreamTls::kVerifyCa && mode != UpstreamTls::kVerifyFull) {
    SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nullptr);
    return made;
  }
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  const int loaded = ca_file.empty() ? SSL_CTX_set_default_verify_paths(context)
                                     : SSL_CTX_load_verify_file(context, ca_file.c_str());
  if (loaded != 1)
    return Error{"read the CA file '" + (ca_file.empty() ? "of the system" : ca_file) +
                 "' for the upstream's certificate: " + take_openssl_errors()};
  return made;
}

}  // namespace sluice::net
