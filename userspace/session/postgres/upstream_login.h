// SPDX-License-Identifier: Apache-2.0
// Logs in upstream with the resource's login, from the TLS request to the first ReadyForQuery. The
// agent's own user and password are not used. What the server says after it accepted us is passed
// to the agent; nothing of the authentication is.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "proto/postgres/backend.h"
#include "proto/postgres/scram.h"
#include "session/postgres/context.h"
#include "session/postgres/startup_parameters.h"
#include "session/postgres/text_guard.h"

namespace sluice::session {

class UpstreamLogin {
 public:
  UpstreamLogin(Context& context, TextGuard& guard) : context_(context), guard_(guard) {}

  void begin(StartupRequest request);  // emits ConnectUpstream
  void connected();
  void tls_started(const TlsStarted& tls);
  // Returns the bytes consumed. When done() turns true the rest belongs to the session.
  std::size_t read(ByteView in);

  bool done() const { return state_ == State::kDone; }
  // What a CancelRequest to the server must carry.
  const Bytes& upstream_key() const { return upstream_key_; }

 private:
  enum class State : std::uint8_t {
    kIdle,
    kConnecting,
    kTlsAnswer,
    kTls,
    kAuthenticating,
    kScramContinue,
    kScramFinal,
    kSettling,  // accepted; parameters and keys until ReadyForQuery
    kDone,
  };
  void send_startup();
  void on_authentication(const pg::Authentication& authentication);
  void start_scram(const pg::Authentication& authentication);
  void on_settling(const pg::Frame& frame, ByteView whole, const pg::BackendMessage& message);
  void on_key(const pg::BackendKeyData& key);
  void on_error(const pg::ErrorFields& fields);
  // The reason is for people on this host; the agent only learns that the login failed.
  void fail(const std::string& reason);

  Context& context_;
  TextGuard& guard_;
  State state_ = State::kIdle;
  StartupRequest request_;
  bool tls_ = false;
  Bytes endpoint_hash_;
  std::unique_ptr<pg::ScramClient> scram_;
  bool authenticated_by_password_ = false;
  Bytes upstream_key_;
};

}  // namespace sluice::session
