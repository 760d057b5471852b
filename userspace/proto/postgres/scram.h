// SPDX-License-Identifier: Apache-2.0
// SCRAM-SHA-256 as a client (RFC 5802, RFC 7677), with or without the tls-server-end-point channel
// binding (RFC 5929). Pure: the caller brings the nonce and the binding data. Server messages are
// hostile input until verify() has succeeded.
//
// The password is not run through NFKC (the SASLprep step for characters outside ASCII): OpenSSL
// has none. It is used as it is, which is what PostgreSQL does with a password that SASLprep
// refuses; ASCII passwords are not changed by SASLprep. A password that NFKC would change must be
// set on the server in its normal form.
#pragma once

#include <sluice/bytes.h>
#include <sluice/result.h>
#include <sluice/secret.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sluice::pg {

constexpr std::string_view kScramSha256 = "SCRAM-SHA-256";
constexpr std::string_view kScramSha256Plus = "SCRAM-SHA-256-PLUS";

enum class ChannelBinding : std::uint8_t {
  kUnsupported,       // "n": this connection has no TLS, so there is nothing to bind to
  kServerDoesNot,     // "y": we could, the server offered no -PLUS; unmasks a stripped offer
  kTlsServerEndPoint  // "p=tls-server-end-point"
};

struct ScramChoice {
  std::string_view mechanism;  // kScramSha256 or kScramSha256Plus
  ChannelBinding binding = ChannelBinding::kUnsupported;
};
// The strongest of what the server `offered`. `binding_available`: TLS is up and the hash of the
// server's certificate is known. `binding_required`: refuse anything without it.
Result<ScramChoice> choose_scram(std::span<const std::string_view> offered, bool binding_available,
                                 bool binding_required);

// PBKDF2's result, which costs milliseconds, kept between connections. It is as good as the
// password: keep it only beside the password that it came from, and drop both together.
struct SaltedPassword {
  Bytes salt;
  std::uint32_t iterations = 0;
  Secret value;
  SaltedPassword clone() const { return {salt, iterations, value.clone()}; }
};

struct ScramOptions {
  ChannelBinding binding = ChannelBinding::kUnsupported;
  Bytes endpoint_hash;  // TlsStarted::endpoint_hash; only with kTlsServerEndPoint
  // From a random source, 18 bytes in base64 (24 characters); printable ASCII without ','.
  std::string nonce;
  // PostgreSQL takes the user from the StartupMessage and ignores this one; libpq sends it empty.
  std::string username;
  Secret password;
  std::optional<SaltedPassword> salted;  // used if the server's salt and iterations are the same
  // A server that asks for fewer would get a proof that is cheap to guess from (RFC 7677, 4).
  std::uint32_t iterations_min = 4096;
  // Each iteration costs half a microsecond of a worker thread; stops a server from holding it.
  std::uint32_t iterations_max = 200'000;
};

class ScramClient {
 public:
  explicit ScramClient(ScramOptions options);

  std::string_view mechanism() const;
  // client-first-message, for SASLInitialResponse. Error if nonce or endpoint_hash is unfit.
  Result<std::string> first() const;
  // server-first-message in (AuthenticationSASLContinue), client-final-message out.
  Result<std::string> respond(std::string_view server_first);
  // server-final-message (AuthenticationSASLFinal): ok only if the server proved that it knows
  // the password. An AuthenticationOk without this must not be believed: see verified().
  Result<void> verify(std::string_view server_final);
  bool verified() const { return state_ == State::kVerified; }

  // For the cache, after verify(): what respond() computed or used.
  std::optional<SaltedPassword> salted_password() const;

 private:
  enum class State : std::uint8_t { kStart, kResponded, kVerified, kFailed };
  std::string gs2_header() const;
  std::string first_bare() const;
  Result<std::string> final_for(std::string_view server_first);
  Result<void> check(std::string_view server_final) const;
  Result<void> derive_salted(Bytes salt, std::uint32_t iterations);

  ScramOptions options_;
  State state_ = State::kStart;
  Secret server_key_;
  std::string auth_message_;
};

}  // namespace sluice::pg
