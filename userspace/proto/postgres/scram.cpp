// SPDX-License-Identifier: Apache-2.0
#include "proto/postgres/scram.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace sluice::pg {
namespace {

using Digest = std::array<std::uint8_t, SHA256_DIGEST_LENGTH>;

// A digest that is as good as the password; wiped when it goes.
struct SecretDigest {
  Digest bytes{};
  SecretDigest() = default;
  SecretDigest(const SecretDigest&) = delete;
  SecretDigest& operator=(const SecretDigest&) = delete;
  ~SecretDigest() { OPENSSL_cleanse(bytes.data(), bytes.size()); }
};

bool hmac_sha256(ByteView key, std::string_view message, Digest& out) {
  unsigned int size = 0;
  const std::uint8_t* made = HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
                                  as_bytes(message).data(), message.size(), out.data(), &size);
  return made != nullptr && size == out.size();
}

std::string base64(ByteView bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');  // EVP_EncodeBlock adds a NUL
  const int size = EVP_EncodeBlock(reinterpret_cast<std::uint8_t*>(text.data()), bytes.data(),
                                   static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

// Strict: no white space, no missing padding, nothing after the padding.
std::optional<Bytes> from_base64(std::string_view text) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  if (text.empty() || text.size() % 4 != 0) return std::nullopt;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  if (text.substr(0, text.size() - padding).find_first_not_of(kAlphabet) != text.npos)
    return std::nullopt;
  Bytes bytes(text.size() / 4 * 3);
  const int size =
      EVP_DecodeBlock(bytes.data(), as_bytes(text).data(), static_cast<int>(text.size()));
  if (size < 0) return std::nullopt;
  bytes.resize(bytes.size() - padding);
  // Bits that the padding leaves over must be zero, or one value would have several spellings.
  if (base64(bytes) != text) return std::nullopt;
  return bytes;
}

bool nonce_is_fit(std::string_view nonce) {
  return !nonce.empty() && std::all_of(nonce.begin(), nonce.end(),
                                       [](char c) { return c >= 0x21 && c <= 0x7e && c != ','; });
}

struct ServerFirst {
  std::string_view nonce;
  std::string_view salt;
  std::string_view iterations;
};

// "r=...,s=...,i=..." and nothing else: an extension that we do not know may change the meaning.
std::optional<ServerFirst> split_server_first(std::string_view message) {
  const std::size_t salt_at = message.find(",s=");
  if (!message.starts_with("r=") || salt_at == message.npos) return std::nullopt;
  const std::size_t iterations_at = message.find(",i=", salt_at);
  if (iterations_at == message.npos) return std::nullopt;
  const ServerFirst first{message.substr(2, salt_at - 2),
                          message.substr(salt_at + 3, iterations_at - salt_at - 3),
                          message.substr(iterations_at + 3)};
  for (const std::string_view part : {first.nonce, first.salt, first.iterations})
    if (part.empty() || part.find(',') != part.npos) return std::nullopt;
  return first;
}

std::optional<std::uint32_t> parse_iterations(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string escaped_username(std::string_view name) {
  std::string escaped;
  for (const char c : name) {
    if (c == '=')
      escaped += "=3D";
    else if (c == ',')
      escaped += "=2C";
    else
      escaped += c;
  }
  return escaped;
}

// What a server says, made fit to be shown.
std::string printable(std::string_view text) {
  std::string shown{text.substr(0, 200)};
  for (char& c : shown)
    if (c < 0x20 || c > 0x7e) c = '?';
  return shown;
}

}  // namespace

Result<ScramChoice> choose_scram(std::span<const std::string_view> offered, bool binding_available,
                                 bool binding_required) {
  const auto offers = [&](std::string_view mechanism) {
    return std::find(offered.begin(), offered.end(), mechanism) != offered.end();
  };
  if (binding_available && offers(kScramSha256Plus))
    return ScramChoice{kScramSha256Plus, ChannelBinding::kTlsServerEndPoint};
  if (binding_required)
    return Error{binding_available
                     ? "channel binding is required, but the server does not offer "
                       "SCRAM-SHA-256-PLUS"
                     : "channel binding is required, but the connection to the server has no TLS"};
  if (offers(kScramSha256))
    return ScramChoice{kScramSha256, binding_available ? ChannelBinding::kServerDoesNot
                                                       : ChannelBinding::kUnsupported};
  std::string list;
  for (const std::string_view mechanism : offered)
    list += (list.empty() ? "" : ", ") + printable(mechanism);
  return Error{"the server offers no SASL mechanism that can be used here (it offers: " + list +
               "); SCRAM-SHA-256 is needed"};
}

ScramClient::ScramClient(ScramOptions options) : options_(std::move(options)) {}

std::string_view ScramClient::mechanism() const {
  return options_.binding == ChannelBinding::kTlsServerEndPoint ? kScramSha256Plus : kScramSha256;
}

std::string ScramClient::gs2_header() const {
  switch (options_.binding) {
    case ChannelBinding::kUnsupported: return "n,,";
    case ChannelBinding::kServerDoesNot: return "y,,";
    case ChannelBinding::kTlsServerEndPoint: break;
  }
  return "p=tls-server-end-point,,";
}

std::string ScramClient::first_bare() const {
  return "n=" + escaped_username(options_.username) + ",r=" + options_.nonce;
}

Result<std::string> ScramClient::first() const {
  if (!nonce_is_fit(options_.nonce))
    return Error{"SCRAM: the client nonce is empty or not printable ASCII"};
  if (options_.binding == ChannelBinding::kTlsServerEndPoint && options_.endpoint_hash.empty())
    return Error{"SCRAM: channel binding was chosen without the hash of the server's certificate"};
  return gs2_header() + first_bare();
}

Result<std::string> ScramClient::respond(std::string_view server_first) {
  if (state_ != State::kStart) return Error{"SCRAM: the server sent a challenge out of turn"};
  auto response = final_for(server_first);
  state_ = response ? State::kResponded : State::kFailed;
  return response;
}

Result<void> ScramClient::derive_salted(Bytes salt, std::uint32_t iterations) {
  std::optional<SaltedPassword>& known = options_.salted;
  if (known && known->salt == salt && known->iterations == iterations &&
      known->value.for_wire().size() == SHA256_DIGEST_LENGTH)
    return {};
  const std::string_view password = as_text(options_.password.for_wire());
  Bytes derived(SHA256_DIGEST_LENGTH);
  if (PKCS5_PBKDF2_HMAC(password.empty() ? "" : password.data(), static_cast<int>(password.size()),
                        salt.data(), static_cast<int>(salt.size()), static_cast<int>(iterations),
                        EVP_sha256(), static_cast<int>(derived.size()), derived.data()) != 1)
    return Error{"SCRAM: OpenSSL could not compute PBKDF2"};
  known = SaltedPassword{std::move(salt), iterations, Secret{std::move(derived)}};
  return {};
}

Result<std::string> ScramClient::final_for(std::string_view server_first) {
  const auto fields = split_server_first(server_first);
  if (!fields) return Error{"SCRAM: the server's first message is malformed"};
  if (!nonce_is_fit(fields->nonce) || !fields->nonce.starts_with(options_.nonce) ||
      fields->nonce.size() == options_.nonce.size())
    return Error{"SCRAM: the server's nonce does not extend ours"};
  auto salt = from_base64(fields->salt);
  if (!salt) return Error{"SCRAM: the server's salt is not base64"};
  const auto iterations = parse_iterations(fields->iterations);
  if (!iterations) return Error{"SCRAM: the server's iteration count is not a number"};
  if (*iterations < options_.iterations_min || *iterations > options_.iterations_max)
    return Error{"SCRAM: the server asks for " + std::to_string(*iterations) +
                 " iterations; accepted are " + std::to_string(options_.iterations_min) + " to " +
                 std::to_string(options_.iterations_max) +
                 " (set the password again on the server with another scram_iterations)"};
  SLUICE_TRY_VOID(derive_salted(*std::move(salt), *iterations));

  Bytes binding = to_bytes(gs2_header());
  if (options_.binding == ChannelBinding::kTlsServerEndPoint)
    append(binding, options_.endpoint_hash);
  std::string message = "c=" + base64(binding) + ",r=" + std::string(fields->nonce);
  auth_message_ = first_bare() + "," + std::string(server_first) + "," + message;

  SecretDigest client_key, stored_key, signature, server_key;
  const ByteView salted = options_.salted->value.for_wire();
  if (!hmac_sha256(salted, "Client Key", client_key.bytes) ||
      !hmac_sha256(salted, "Server Key", server_key.bytes) ||
      SHA256(client_key.bytes.data(), client_key.bytes.size(), stored_key.bytes.data()) ==
          nullptr ||
      !hmac_sha256(stored_key.bytes, auth_message_, signature.bytes))
    return Error{"SCRAM: OpenSSL could not compute HMAC-SHA-256"};
  Digest proof;
  for (std::size_t i = 0; i < proof.size(); ++i)
    proof[i] = client_key.bytes[i] ^ signature.bytes[i];
  server_key_ = Secret{Bytes(server_key.bytes.begin(), server_key.bytes.end())};
  return message + ",p=" + base64(proof);
}

Result<void> ScramClient::verify(std::string_view server_final) {
  if (state_ != State::kResponded) return Error{"SCRAM: the server's last message is out of turn"};
  auto checked = check(server_final);
  state_ = checked ? State::kVerified : State::kFailed;
  return checked;
}

Result<void> ScramClient::check(std::string_view server_final) const {
  if (server_final.starts_with("e="))
    return Error{"SCRAM: the server refused: " + printable(server_final.substr(2))};
  if (!server_final.starts_with("v="))
    return Error{"SCRAM: the server's last message is malformed"};
  const auto signature = from_base64(server_final.substr(2));
  if (!signature || signature->size() != SHA256_DIGEST_LENGTH)
    return Error{"SCRAM: the server's signature is malformed"};
  Digest expected;
  if (!hmac_sha256(server_key_.for_wire(), auth_message_, expected))
    return Error{"SCRAM: OpenSSL could not compute HMAC-SHA-256"};
  if (CRYPTO_memcmp(expected.data(), signature->data(), expected.size()) != 0)
    return Error{
        "SCRAM: the server could not prove that it knows the password; it may not be the "
        "server that was meant"};
  return {};
}

std::optional<SaltedPassword> ScramClient::salted_password() const {
  if (state_ != State::kVerified || !options_.salted) return std::nullopt;
  return options_.salted->clone();
}

}  // namespace sluice::pg
