// SPDX-License-Identifier: Apache-2.0
#include "net/tls_stream.h"

#include "net/tls_bio_impl.h"
#include "net/tls_context_impl.h"

#include <algorithm>

namespace sluice::net {

struct TlsStream::State {
  explicit State(Socket& socket) : wire{socket, {}} {}

  bool server = false;
  TlsWire wire;
  std::shared_ptr<ServerTlsContext> server_context;
  std::shared_ptr<ClientTlsContext> client_context;
  SslPtr ssl;
  std::string alpn;
  bool alpn_required = false;
  UpstreamTls verify = UpstreamTls::kRequire;
  std::vector<std::string> verify_names;
  bool established = false;
  bool closing = false;  // nothing more may be written
  bool broken = false;   // after a fatal error OpenSSL may not be asked for anything more
  Bytes endpoint_hash;
  std::string description;
  std::string server_name;
  std::string failure;

  IoStatus fail(std::string why) {
    failure = std::move(why);
    ERR_clear_error();
    return IoStatus::kReset;
  }
  IoStatus finish_handshake();
  std::string alpn_problem() const;
};

namespace {

bool is_ip(const std::string& name) { return parse_ip(name).has_value(); }

// Is `certificate` for `name`, which is a DNS name or an IP address? As libpq's verify-full: a
// wildcard stands for one whole label.
bool certificate_is_for(X509* certificate, const std::string& name) {
  if (is_ip(name)) return X509_check_ip_asc(certificate, name.c_str(), 0) == 1;
  return X509_check_host(certificate, name.data(), name.size(),
                         X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, nullptr) == 1;
}

// The list that ALPN has on the wire: a length byte before each name.
Bytes alpn_list(const std::string& protocol) {
  Bytes list{static_cast<std::uint8_t>(protocol.size())};
  append(list, protocol);
  return list;
}

std::string join(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text.append(text.empty() ? "'" : ", '").append(name).append("'");
  return text.empty() ? "any name" : text;
}

}  // namespace

TlsStream::TlsStream(std::unique_ptr<State> state) : state_(std::move(state)) {}
TlsStream::~TlsStream() = default;

Result<std::unique_ptr<TlsStream>> TlsStream::accept(std::shared_ptr<ServerTlsContext> context,
                                                     Socket& socket, const ServerOptions& options) {
  ERR_clear_error();
  auto state = std::make_unique<State>(socket);
  state->server = true;
  state->wire.received.append(options.received);
  state->alpn = options.alpn;
  state->alpn_required = options.alpn_required;
  state->ssl.reset(SSL_new(context->get()));
  BioPtr bio = make_wire_bio(state->wire);
  if (!state->ssl || !bio) return Error{"make a TLS session: " + take_openssl_errors()};
  SSL_set0_rbio(state->ssl.get(), bio.get());
  BIO_up_ref(bio.get());
  SSL_set0_wbio(state->ssl.get(), bio.release());
  SSL_set_app_data(state->ssl.get(), &state->alpn);  // for the context's ALPN callback
  SSL_set_accept_state(state->ssl.get());
  state->server_context = std::move(context);
  return std::unique_ptr<TlsStream>{new TlsStream(std::move(state))};
}

Result<std::unique_ptr<TlsStream>> TlsStream::connect(std::shared_ptr<ClientTlsContext> context,
                                                      Socket& socket,
                                                      const UpstreamSettings& settings, bool direct,
                                                      ByteView received) {
  ERR_clear_error();
  auto state = std::make_unique<State>(socket);
  state->wire.received.append(received);
  state->verify = settings.tls;
  state->verify_names = settings.verify_names;
  state->alpn = direct ? settings.alpn : "";
  state->alpn_required = direct && !settings.alpn.empty();
  state->ssl.reset(SSL_new(context->get()));
  BioPtr bio = make_wire_bio(state->wire);
  if (!state->ssl || !bio) return Error{"make a TLS session: " + take_openssl_errors()};
  SSL* ssl = state->ssl.get();
  SSL_set0_rbio(ssl, bio.get());
  BIO_up_ref(bio.get());
  SSL_set0_wbio(ssl, bio.release());
  const auto dns_name = std::find_if_not(settings.verify_names.begin(), settings.verify_names.end(),
                                         [](const std::string& name) { return is_ip(name); });
  if (dns_name != settings.verify_names.end() &&
      SSL_set_tlsext_host_name(ssl, dns_name->c_str()) != 1)
    return Error{"send the server name '" + *dns_name + "': " + take_openssl_errors()};
  if (!state->alpn.empty()) {
    const Bytes list = alpn_list(state->alpn);
    if (SSL_set_alpn_protos(ssl, list.data(), static_cast<unsigned int>(list.size())) != 0)
      return Error{"offer ALPN: " + take_openssl_errors()};
  }
  SSL_set_connect_state(ssl);
  state->client_context = std::move(context);
  return std::unique_ptr<TlsStream>{new TlsStream(std::move(state))};
}

std::string TlsStream::State::alpn_problem() const {
  const unsigned char* selected = nullptr;
  unsigned int size = 0;
  SSL_get0_alpn_selected(ssl.get(), &selected, &size);
  if (alpn_required && as_text({selected, size}) != alpn)
    return "direct TLS needs the ALPN protocol '" + alpn + "', and it was not agreed on";
  return {};
}

IoStatus TlsStream::State::finish_handshake() {
  if (auto problem = alpn_problem(); !problem.empty()) return fail(std::move(problem));
  if (server) {
    endpoint_hash = server_context->endpoint_hash();
    if (const char* name = SSL_get_servername(ssl.get(), TLSEXT_NAMETYPE_host_name);
        name != nullptr)
      server_name = name;
  } else {
    X509* certificate = SSL_get0_peer_certificate(ssl.get());
    if (certificate == nullptr) return fail("the upstream showed no certificate");
    // The chain was verified during the handshake; the name is checked here, before any byte of the
    // session goes out.
    if (verify == UpstreamTls::kVerifyFull &&
        std::none_of(verify_names.begin(), verify_names.end(), [&](const std::string& name) {
          return certificate_is_for(certificate, name);
        }))
      return fail("the upstream's certificate is not for " + join(verify_names));
    endpoint_hash = endpoint_hash_of(certificate);
  }
  description = std::string{SSL_get_version(ssl.get())} + " " + SSL_get_cipher_name(ssl.get());
  established = true;
  return IoStatus::kBytes;
}

IoStatus TlsStream::handshake() {
  State& state = *state_;
  ERR_clear_error();
  const int done = SSL_do_handshake(state.ssl.get());
  if (done == 1) return state.finish_handshake();
  switch (SSL_get_error(state.ssl.get(), done)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE: return IoStatus::kAgain;
    default: break;
  }
  const long verified = SSL_get_verify_result(state.ssl.get());
  if (!state.server && verified != X509_V_OK)
    return state.fail(std::string{"the upstream's certificate is not trusted: "} +
                      X509_verify_cert_error_string(verified));
  if (ERR_peek_error() == 0) return state.fail("the connection ended during the TLS handshake");
  return state.fail("TLS handshake: " + take_openssl_errors());
}

IoResult TlsStream::receive(std::span<std::uint8_t> into) {
  State& state = *state_;
  if (state.broken) return {IoStatus::kReset, 0};
  ERR_clear_error();
  std::size_t count = 0;
  if (SSL_read_ex(state.ssl.get(), into.data(), into.size(), &count) == 1)
    return {IoStatus::kBytes, count};
  switch (SSL_get_error(state.ssl.get(), 0)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE: return {};
    case SSL_ERROR_ZERO_RETURN: return {IoStatus::kEnd, 0};
    default: break;
  }
  // FIN without close_notify. Whether the message was whole is the protocol's to know: the sessions
  // behind this seam frame every message themselves.
  if (ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
    ERR_clear_error();
    return {IoStatus::kEnd, 0};
  }
  state.closing = state.broken = true;
  state.fail(ERR_peek_error() == 0 ? "the connection was reset" : "TLS: " + take_openssl_errors());
  return {IoStatus::kReset, 0};
}

void TlsStream::send(ByteView bytes) {
  State& state = *state_;
  ERR_clear_error();
  while (!bytes.empty() && !state.closing) {
    std::size_t count = 0;
    if (SSL_write_ex(state.ssl.get(), bytes.data(), bytes.size(), &count) != 1) {
      state.closing = state.broken = true;
      state.fail("TLS: " + take_openssl_errors());
      return;
    }
    bytes = bytes.subspan(count);
  }
}

void TlsStream::close_notify() {
  State& state = *state_;
  if (!state.established || state.closing) return;
  state.closing = true;
  ERR_clear_error();
  SSL_shutdown(state.ssl.get());
  ERR_clear_error();
}

bool TlsStream::established() const { return state_->established; }
const Bytes& TlsStream::endpoint_hash() const { return state_->endpoint_hash; }
const std::string& TlsStream::description() const { return state_->description; }
const std::string& TlsStream::server_name() const { return state_->server_name; }
const std::string& TlsStream::failure() const { return state_->failure; }

}  // namespace sluice::net
