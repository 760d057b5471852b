// SPDX-License-Identifier: Apache-2.0
#include "session/postgres/upstream_login.h"

#include <algorithm>

#include "base/check.h"
#include "proto/postgres/build.h"
#include "proto/postgres/md5.h"

namespace sluice::session {
namespace {

// SCRAM wants printable characters; these are 64 of them, so each carries six bits of the
// randomness.
std::string printable(ByteView random) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i + 2 < random.size(); i += 3) {
    const std::uint32_t bits = static_cast<std::uint32_t>(random[i]) << 16 |
                               static_cast<std::uint32_t>(random[i + 1]) << 8 | random[i + 2];
    for (int shift = 18; shift >= 0; shift -= 6) text += kAlphabet[(bits >> shift) & 63];
  }
  return text;
}

}  // namespace

void UpstreamLogin::begin(StartupRequest request) {
  request_ = std::move(request);
  state_ = State::kConnecting;
  context_.act(ConnectUpstream{});
}

void UpstreamLogin::connected() {
  if (state_ != State::kConnecting) return;
  if (context_.options.resource->upstream_tls == UpstreamTls::kDisable ||
      context_.options.upstream_is_unix) {
    send_startup();
    return;
  }
  pg::append_ssl_request(context_.to_upstream.own());
  state_ = State::kTlsAnswer;
}

void UpstreamLogin::tls_started(const TlsStarted& tls) {
  if (state_ != State::kTls) return;
  tls_ = true;
  endpoint_hash_ = tls.endpoint_hash;
  context_.remark("upstream " + tls.description);
  send_startup();
}

void UpstreamLogin::send_startup() {
  std::vector<pg::StartupParameter> parameters;
  parameters.push_back({"user", context_.options.resource->login->user});
  parameters.push_back({"database", request_.database});
  for (const auto& [name, value] : request_.parameters) parameters.push_back({name, value});
  const auto appended =
      pg::append_startup_message(context_.to_upstream.own(), request_.minor, parameters);
  if (!appended) return fail(appended.error().text());
  state_ = State::kAuthenticating;
}

void UpstreamLogin::fail(const std::string& reason) {
  context_.remark("login upstream failed: " + guard_.clean(reason));
  context_.fatal("08006", "could not log in to resource '" + context_.options.resource->name + "'",
                 "The reason is in the recording of session " + context_.options.session + ".");
}

std::size_t UpstreamLogin::read(ByteView in) {
  std::size_t consumed = 0;
  if (state_ == State::kTlsAnswer && !in.empty()) {
    // One byte. 'E' would be an ErrorResponse of a server too old to know; anything after 'S' that
    // came before the handshake is plain text that somebody put in.
    if (in.front() != 'S') {
      fail("the server does not offer TLS, and upstream_tls asks for it");
    } else if (in.size() > 1) {
      fail("the server sent bytes between its answer to SSLRequest and TLS");
    } else {
      state_ = State::kTls;
      context_.flush();
      context_.act(StartTls{Side::kUpstream, false});
    }
    return in.size();
  }
  if (state_ == State::kTls || state_ == State::kConnecting) return 0;
  while (!context_.closed && !done() && consumed < in.size()) {
    const ByteView rest = in.subspan(consumed);
    const auto step = pg::next_frame(pg::Direction::kBackend, rest, context_.options.limits);
    if (std::holds_alternative<pg::NeedMore>(step)) break;
    if (const auto* bad = std::get_if<pg::Bad>(&step)) {
      fail("unreadable message from the server: " + std::string{bad->reason});
      break;
    }
    const auto& frame = std::get<pg::Frame>(step);
    auto message = pg::decode_backend(frame, context_.options.limits);
    if (!message) {
      fail("from the server: " + message.error().text());
      break;
    }
    if (const auto* error = std::get_if<pg::ErrorResponse>(&*message)) {
      on_error(error->fields);
    } else if (const auto* notice = std::get_if<pg::NoticeResponse>(&*message)) {
      guard_.append_report(context_.to_agent.own(), notice->fields, false, false);
    } else if (const auto* authentication = std::get_if<pg::Authentication>(&*message)) {
      on_authentication(*authentication);
    } else {
      on_settling(frame, rest.first(frame.size), *message);
    }
    consumed += frame.size;
  }
  return context_.closed ? in.size() : consumed;
}

void UpstreamLogin::on_authentication(const pg::Authentication& authentication) {
  using Kind = pg::AuthenticationKind;
  const Resource& resource = *context_.options.resource;
  switch (authentication.kind) {
    case Kind::kOk:
      // A server that leaves SCRAM out half way has not proved that it knows the password.
      if (state_ != State::kAuthenticating || (scram_ && !scram_->verified()))
        return fail("the server accepted us before it finished SCRAM");
      pg::append_authentication_ok(context_.to_agent.own());
      context_.remark("logged in upstream as " + resource.login->user + " to database " +
                      request_.database);
      state_ = State::kSettling;
      return;
    case Kind::kCleartextPassword: {
      if (state_ != State::kAuthenticating || authenticated_by_password_) break;
      authenticated_by_password_ = true;
      const auto sent =
          pg::append_password_message(context_.to_upstream.own(), context_.options.password);
      if (!sent) return fail(sent.error().text());
      return;
    }
    case Kind::kMd5Password: {
      if (state_ != State::kAuthenticating || authenticated_by_password_) break;
      authenticated_by_password_ = true;
      const auto response = pg::md5_password_response(
          resource.login->user, context_.options.password, authentication.salt);
      if (!response) return fail(response.error().text());
      const auto sent = pg::append_password_message(context_.to_upstream.own(), *response);
      if (!sent) return fail(sent.error().text());
      return;
    }
    case Kind::kSasl:
      if (state_ != State::kAuthenticating || authenticated_by_password_) break;
      authenticated_by_password_ = true;
      return start_scram(authentication);
    case Kind::kSaslContinue: {
      if (state_ != State::kScramContinue) break;
      const auto answer = scram_->respond(as_text(authentication.data));
      if (!answer) return fail(answer.error().text());
      pg::append_sasl_response(context_.to_upstream.own(), as_bytes(*answer));
      state_ = State::kScramFinal;
      return;
    }
    case Kind::kSaslFinal: {
      if (state_ != State::kScramFinal) break;
      const auto verified = scram_->verify(as_text(authentication.data));
      if (!verified) return fail(verified.error().text());
      state_ = State::kAuthenticating;
      return;
    }
    default: return fail("the server asks for an authentication method that sluice does not speak");
  }
  fail("the server's authentication messages are out of order");
}

void UpstreamLogin::start_scram(const pg::Authentication& authentication) {
  const auto choice = pg::choose_scram(authentication.mechanisms, !endpoint_hash_.empty(), false);
  if (!choice) return fail(choice.error().text());
  pg::ScramOptions options;
  options.binding = choice->binding;
  if (choice->binding == pg::ChannelBinding::kTlsServerEndPoint)
    options.endpoint_hash = endpoint_hash_;
  options.nonce =
      printable(ByteView{context_.options.randomness}.first(PostgresOptions::kNonceBytes));
  options.password = context_.options.password.clone();
  scram_ = std::make_unique<pg::ScramClient>(std::move(options));
  const auto first = scram_->first();
  if (!first) return fail(first.error().text());
  pg::append_sasl_initial_response(context_.to_upstream.own(), scram_->mechanism(),
                                   as_bytes(*first));
  state_ = State::kScramContinue;
}

void UpstreamLogin::on_settling(const pg::Frame& frame, ByteView whole,
                                const pg::BackendMessage& message) {
  if (std::holds_alternative<pg::NegotiateProtocolVersion>(message) &&
      state_ == State::kAuthenticating) {
    context_.to_agent.pass(whole);
    return;
  }
  if (state_ != State::kSettling)
    return fail("the server sent " +
                std::string{pg::message_name(pg::Direction::kBackend, frame.type)} +
                " before it accepted the login");
  if (const auto* status = std::get_if<pg::ParameterStatus>(&message)) {
    context_.note_parameter(*status);
    context_.to_agent.pass(whole);
  } else if (const auto* key = std::get_if<pg::BackendKeyData>(&message)) {
    on_key(*key);
  } else if (std::holds_alternative<pg::ReadyForQuery>(message)) {
    context_.to_agent.pass(whole);
    state_ = State::kDone;
  } else {
    fail("the server sent " + std::string{pg::message_name(pg::Direction::kBackend, frame.type)} +
         " during the login");
  }
}

// The agent gets the server's process id and a secret of our own: its cancels come to us, and the
// server's key stays with us.
void UpstreamLogin::on_key(const pg::BackendKeyData& key) {
  constexpr std::size_t kProcessIdBytes = 4;
  const ByteView spare =
      ByteView{context_.options.randomness}.subspan(PostgresOptions::kNonceBytes);
  const std::size_t secret_bytes = key.key.size() - kProcessIdBytes;
  SLUICE_CHECK(secret_bytes <= spare.size());
  upstream_key_.assign(key.key.begin(), key.key.end());
  Bytes agent_key(key.key.begin(), key.key.begin() + kProcessIdBytes);
  append(agent_key, spare.first(secret_bytes));
  pg::append_backend_key_data(context_.to_agent.own(), agent_key);
  context_.act(OfferCancelKey{std::move(agent_key)});
}

void UpstreamLogin::on_error(const pg::ErrorFields& fields) {
  const std::string_view sqlstate = fields.find('C');
  // What is wrong with our own login is not the agent's to know; that a database does not exist or
  // that there are too many connections is.
  if (state_ != State::kSettling && (sqlstate.starts_with("28") || sqlstate.empty()))
    return fail(std::string{sqlstate} + " " + std::string{fields.find('M')});
  context_.remark("the server refused the connection: " + std::string{sqlstate} + " " +
                  guard_.clean(fields.find('M')));
  guard_.append_report(context_.to_agent.own(), fields, false, true);
  context_.close("the server refused the connection");
}

}  // namespace sluice::session
