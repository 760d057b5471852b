// SPDX-License-Identifier: Apache-2.0
#include "net/postgres_client.h"

#include "net/upstream_tls.h"

#include "proto/postgres/build.h"
#include "proto/postgres/md5.h"
#include "proto/postgres/scram.h"
#include "proto/postgres/startup.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <array>

namespace sluice::net {

namespace {

constexpr std::size_t kReadBytes = 32U << 10;

Error error_of(const pg::ErrorFields& fields) {
  return Error{"the upstream says: " + std::string{fields.find('M')} + " (" +
               std::string{fields.find('C')} + ")"};
}

Result<std::string> make_nonce() {
  std::array<std::uint8_t, 18> random{};
  if (RAND_bytes(random.data(), random.size()) != 1) return Error{"no random bytes for a nonce"};
  std::array<unsigned char, 25> text{};  // base64 of 18 bytes and a NUL
  EVP_EncodeBlock(text.data(), random.data(), random.size());
  return std::string{reinterpret_cast<const char*>(text.data()), 24};
}

// A password in the clear goes only where nobody on the way can read it.
bool is_private(const BlockingStream& stream, const UpstreamSettings& upstream) {
  if (stream.tls() != nullptr || !upstream.target.unix_path.empty()) return true;
  const IpAddress& ip = upstream.target.endpoint.ip;
  if (ip.is_v4()) return ip.bytes[12] == 127;
  return ip == *parse_ip("::1");
}

}  // namespace

Result<std::unique_ptr<PostgresClient>> PostgresClient::login(
    std::unique_ptr<BlockingStream> stream, const UpstreamSettings& upstream,
    UpstreamTlsContexts& contexts, Options options) {
  std::unique_ptr<PostgresClient> client{new PostgresClient(std::move(stream), std::move(options))};
  SLUICE_TRY_VOID(client->secure(upstream, contexts));
  SLUICE_TRY_VOID(client->authenticate(upstream));
  return client;
}

Result<void> PostgresClient::secure(const UpstreamSettings& upstream,
                                    UpstreamTlsContexts& contexts) {
  // PostgreSQL has no TLS on Unix sockets.
  if (upstream.tls == UpstreamTls::kDisable || !upstream.target.unix_path.empty()) return {};
  Bytes request;
  pg::append_ssl_request(request);
  SLUICE_TRY_VOID(stream_->write(request));
  std::uint8_t consent = 0;
  SLUICE_TRY(const std::size_t count, stream_->read({&consent, 1}));
  if (count != 1) return Error{"the upstream closed the connection when asked for TLS"};
  if (consent != 'S')
    return Error{"the upstream does not offer TLS, and the policy demands it (upstream_tls)"};
  if (auto started = stream_->start_tls(contexts, false); !started)
    return started.error().within("TLS with the upstream");
  return {};
}

Result<void> PostgresClient::fill() {
  const auto space = received_.spare(kReadBytes);
  SLUICE_TRY(const std::size_t count, stream_->read(space));
  if (count == 0) return Error{"the upstream closed the connection"};
  received_.added(count);
  total_ += count;
  if (total_ > options_.answer_bytes_max)
    return Error{"the upstream answered more than " + std::to_string(options_.answer_bytes_max) +
                 " bytes"};
  return {};
}

Result<pg::BackendMessage> PostgresClient::next_message() {
  received_.consume(consumed_);
  consumed_ = 0;
  for (;;) {
    const pg::Step step = pg::next_frame(pg::Direction::kBackend, received_.view(), limits_);
    if (const auto* bad = std::get_if<pg::Bad>(&step))
      return Error{"the upstream's answer cannot be read: " + std::string{bad->reason}};
    if (const auto* frame = std::get_if<pg::Frame>(&step)) {
      consumed_ = frame->size;
      return pg::decode_backend(*frame, limits_);
    }
    SLUICE_TRY_VOID(fill());
  }
}

// The next message that is about authentication; an ErrorResponse is an Error.
Result<pg::Authentication> PostgresClient::next_authentication() {
  for (;;) {
    SLUICE_TRY(auto message, next_message());
    if (const auto* error = std::get_if<pg::ErrorResponse>(&message))
      return error_of(error->fields);
    if (auto* asked = std::get_if<pg::Authentication>(&message)) return std::move(*asked);
    if (std::holds_alternative<pg::NoticeResponse>(message) ||
        std::holds_alternative<pg::NegotiateProtocolVersion>(message))
      continue;
    return Error{"the upstream sent something else than an authentication request"};
  }
}

Result<void> PostgresClient::authenticate(const UpstreamSettings& upstream) {
  Bytes startup;
  const std::array<pg::StartupParameter, 4> parameters{{{"user", options_.user},
                                                        {"database", options_.database},
                                                        {"application_name", "sluice catalogue"},
                                                        {"client_encoding", "UTF8"}}};
  SLUICE_TRY_VOID(pg::append_startup_message(startup, 0, parameters));
  SLUICE_TRY_VOID(stream_->write(startup));
  SLUICE_TRY(auto asked, next_authentication());
  if (asked.kind != pg::AuthenticationKind::kOk) SLUICE_TRY_VOID(answer(asked, upstream));
  for (;;) {
    SLUICE_TRY(auto message, next_message());
    if (const auto* error = std::get_if<pg::ErrorResponse>(&message))
      return error_of(error->fields);
    if (std::holds_alternative<pg::ReadyForQuery>(message)) return {};
  }
}

Result<void> PostgresClient::answer(const pg::Authentication& asked,
                                    const UpstreamSettings& upstream) {
  if (options_.password.empty())
    return Error{"the upstream asks for a password and the resource's login has none"};
  if (asked.kind == pg::AuthenticationKind::kSasl) return scram(asked);
  Bytes message;
  if (asked.kind == pg::AuthenticationKind::kMd5Password) {
    SLUICE_TRY(auto response,
               pg::md5_password_response(options_.user, options_.password, asked.salt));
    SLUICE_TRY_VOID(pg::append_password_message(message, response));
  } else if (asked.kind == pg::AuthenticationKind::kCleartextPassword) {
    if (!is_private(*stream_, upstream))
      return Error{"the upstream asks for the password in the clear over a connection without TLS"};
    SLUICE_TRY_VOID(pg::append_password_message(message, options_.password));
  } else {
    return Error{"the upstream asks for an authentication method that Sluice does not speak"};
  }
  auto written = stream_->write(message);
  OPENSSL_cleanse(message.data(), message.size());
  SLUICE_TRY_VOID(std::move(written));
  SLUICE_TRY(auto verdict, next_authentication());
  if (verdict.kind != pg::AuthenticationKind::kOk)
    return Error{"the upstream asks for a second authentication"};
  return {};
}

Result<void> PostgresClient::scram(const pg::Authentication& asked) {
  const TlsStream* tls = stream_->tls();
  const Bytes hash = tls != nullptr ? tls->endpoint_hash() : Bytes{};
  SLUICE_TRY(const auto choice, pg::choose_scram(asked.mechanisms, !hash.empty(), false));
  pg::ScramOptions options;
  options.binding = choice.binding;
  if (choice.binding == pg::ChannelBinding::kTlsServerEndPoint) options.endpoint_hash = hash;
  SLUICE_TRY(options.nonce, make_nonce());
  options.password = options_.password.clone();
  pg::ScramClient scram_client{std::move(options)};
  SLUICE_TRY(const std::string first, scram_client.first());
  Bytes message;
  pg::append_sasl_initial_response(message, choice.mechanism, as_bytes(first));
  SLUICE_TRY_VOID(stream_->write(message));
  SLUICE_TRY(const auto challenge, next_authentication());
  if (challenge.kind != pg::AuthenticationKind::kSaslContinue)
    return Error{"SCRAM: the upstream sent no challenge"};
  SLUICE_TRY(const std::string final_message, scram_client.respond(as_text(challenge.data)));
  message.clear();
  pg::append_sasl_response(message, as_bytes(final_message));
  SLUICE_TRY_VOID(stream_->write(message));
  SLUICE_TRY(const auto proof, next_authentication());
  if (proof.kind != pg::AuthenticationKind::kSaslFinal)
    return Error{"SCRAM: the upstream did not prove that it knows the password"};
  SLUICE_TRY_VOID(scram_client.verify(as_text(proof.data)));
  SLUICE_TRY(const auto verdict, next_authentication());
  if (verdict.kind != pg::AuthenticationKind::kOk)
    return Error{"SCRAM: the upstream asks for a second authentication"};
  return {};
}

Result<void> PostgresClient::query(std::string_view statement, const OnRow& on_row) {
  Bytes message;
  pg::append_query(message, statement);
  SLUICE_TRY_VOID(stream_->write(message));
  std::optional<Error> failed;
  sqlstate_.clear();
  std::vector<std::optional<std::string_view>> cells;
  for (;;) {
    SLUICE_TRY(auto got, next_message());
    if (const auto* row = std::get_if<pg::DataRow>(&got)) {
      cells.clear();
      for (const auto& cell : row->cells)
        cells.push_back(cell ? std::optional{as_text(*cell)} : std::nullopt);
      SLUICE_TRY_VOID(on_row(cells));
    } else if (const auto* error = std::get_if<pg::ErrorResponse>(&got)) {
      if (!failed) {
        failed = error_of(error->fields);
        sqlstate_ = error->fields.find('C');
      }
      // FATAL: nothing comes after it.
      if (error->fields.find('S') == "FATAL") return *failed;
    } else if (std::holds_alternative<pg::ReadyForQuery>(got)) {
      if (failed) return *failed;
      return {};
    }
  }
}

void PostgresClient::say_goodbye() {
  Bytes message;
  pg::append_terminate(message);
  static_cast<void>(stream_->write(message));
}

void PostgresClient::begin_again(SteadyTime deadline) {
  stream_->set_deadline(deadline);
  total_ = 0;
  ++uses_;
}

}  // namespace sluice::net
